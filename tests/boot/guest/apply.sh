# What scenarios of plan, apply and rollback have at hand beside lib.sh: a host that has the programs and nothing else.
export PORTCULLIS_CLOCK=venue APCA_API_BASE_URL=$VENUE APCA_API_DATA_URL=$VENUE
UNITS=/etc/systemd/system
GENERATIONS=/var/lib/portcullis/generations/avwap
MANIFEST=/etc/portcullis/avwap.toml
PATH=$PATH:$BIN

# fresh_host: user, keys, and in /run what points units that come at the venue; timers wait for ever.
fresh_host() {
    wait_for 20 systemctl is-system-running --wait
    printf 'g trading -\nu trading - "Portcullis" /var/lib/avwap\n' | systemd-sysusers -
    install -d -m 755 /etc/portcullis
    install -d -m 700 /etc/portcullis/credentials /etc/portcullis/credentials/avwap
    printf SIMKEY | install -m 600 /dev/stdin /etc/portcullis/credentials/avwap/APCA_API_KEY_ID
    printf SIMSECRET | install -m 600 /dev/stdin /etc/portcullis/credentials/avwap/APCA_API_SECRET_KEY
    local unit
    for unit in eod execution execution-restart scan; do
        install -D -m 644 /dev/stdin "/run/systemd/system/$unit.service.d/90-venue.conf" <<S
[Service]
Environment=APCA_API_BASE_URL=$VENUE APCA_API_DATA_URL=$VENUE PORTCULLIS_CLOCK=venue
PrivateNetwork=no
IPAddressAllow=localhost
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
S
    done
    for unit in eod execution-restart scan; do
        printf '[Timer]\nOnCalendar=\nOnCalendar=2099-01-01\n' |
            install -D -m 644 /dev/stdin "/run/systemd/system/$unit.timer.d/90-venue.conf"
    done
}

# manifest NAME SECONDS [SED]: /root/NAME.toml polls every so many seconds; planned NAME: /root/NAME.plan is made of it.
manifest() {
    sed -E "s/^EXECUTION_POLL_SECONDS.*/EXECUTION_POLL_SECONDS = \"$2\"/; ${3:-}" /scenario/avwap.toml > "/root/$1.toml"
}
planned() {
    said=$(unitgen plan "/root/$1.toml" -o "/root/$1.plan" 2>&1) || fail "unitgen plan: $said"
    say "$said"
}
# ends CODE COMMAND...: it ends so; what it said is in $said.
ends() {
    local code=0 wanted=$1
    shift
    said=$("$@" 2>&1) || code=$?
    say "$said"
    expect "$code" "$wanted" "how it ended: $*"
}
# lays NAME [FLAG...]: planned and applied, and all is well.
lays() {
    planned "$1"
    ends 0 unitgen apply "/root/$1.plan" "${@:2}"
}
# is_laid SECONDS: the units, and what systemd has loaded, are those of that manifest.
is_laid() {
    matches "$(show execution.service Environment)" "EXECUTION_POLL_SECONDS=$1( |\$)"
    expect "$(unitgen render $MANIFEST --target systemd --out $UNITS --check | tail -n 1)" "$UNITS: 11 of 11 files as rendered already"
    matches "$(cat $MANIFEST)" "^EXECUTION_POLL_SECONDS = \"$1\""
    expect "$(show execution.service NeedDaemonReload)" no
}
units_on_disk() { find $UNITS -name 'avwap*' -o -name 'e[ox]*' -type f -o -name 'scan*' | sort | xargs -r sha256sum 2>/dev/null | sha256sum; }
current() { readlink $GENERATIONS/current; }
run_of_execution() { echo "$(show execution.service InvocationID) $(show execution.service MainPID)"; }
