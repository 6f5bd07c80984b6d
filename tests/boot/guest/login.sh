# What scenarios of a login have at hand beside lib.sh: a login that lingers, whose manager runs units of its own.
id=1500
home=/home/trader
units=$home/.config/systemd/user
as_trader() { runuser -u trader -- env HOME=$home XDG_RUNTIME_DIR="/run/user/$id" "$@"; }
hers() { as_trader systemctl --user "$@"; }
shown() { hers show --property="$2" --value -- "$1"; }
is_hers() { [ "$(shown "$1" "$2")" = "$3" ]; }
journal_of() { journalctl --sync; journalctl -o cat --no-pager "_SYSTEMD_USER_UNIT=$1" + "USER_UNIT=$1"; }

# a_login: without lingering yet.
a_login() {
    useradd --create-home --uid $id trader
    # The guest has no PAM module that would say where a login's manager has its sockets.
    install -D -m 644 /dev/stdin /etc/systemd/system/user@.service.d/runtime.conf <<'S'
[Service]
Environment=XDG_RUNTIME_DIR=/run/user/%i
S
    systemctl daemon-reload
}
# her_manifest [SED]: the deployment as the login's manager runs it.
her_manifest() {
    sed -E -e 's/scope = "system"/scope = "user"/' -e '/^group/d' -e 's/user = "trading"/user = "trader"/' \
        -e 's|state = "/var/lib/avwap"|state = "avwap"|' -e "${1:-}" "${MANIFEST_OF:-/scenario/avwap.toml}"
}
# her_keys: of the simulated broker.
her_keys() {
    install -d -o trader -g trader -m 700 $home/.config $home/.config/portcullis $home/.config/portcullis/credentials \
        $home/.config/portcullis/credentials/avwap
    local name
    for name in APCA_API_KEY_ID=SIMKEY APCA_API_SECRET_KEY=SIMSECRET; do
        printf %s "${name#*=}" | install -o trader -g trader -m 600 /dev/stdin "$home/.config/portcullis/credentials/avwap/${name%%=*}"
    done
}
# to_the_venue FOLDER UNIT...: drop-ins that point units there; the timers of the same names wait for ever.
to_the_venue() {
    local folder=$1 unit
    shift
    for unit in "$@"; do
        install -D -m 644 /dev/stdin "$folder/$unit.service.d/90-venue.conf" <<S
[Service]
Environment=APCA_API_BASE_URL=$VENUE
Environment=APCA_API_DATA_URL=$VENUE
Environment=PORTCULLIS_CLOCK=venue
PrivateNetwork=no
RestrictAddressFamilies=AF_INET AF_INET6
S
        printf '[Timer]\nOnCalendar=\nOnCalendar=2099-01-01\n' |
            install -D -m 644 /dev/stdin "$folder/$unit.timer.d/90-venue.conf"
    done
}
# her_list DATE: the attested watchlist of that session becomes the login's.
her_list() {
    local file
    for file in /scenario/lists/"$1"/*; do
        [ "${file##*/}" = made-of ] || install -o trader -g trader -m 600 "$file" "$state/"
    done
}
# her_state: where the manager has what `%S` says.
her_state() {
    for state in $home/.local/state/avwap $home/.config/avwap; do [ ! -d "$state" ] || break; done
    [ -d "$state" ] || fail 'no state directory'
}
