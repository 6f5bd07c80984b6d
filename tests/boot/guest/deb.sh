# What scenarios of the Debian package have at hand beside lib.sh. /scenario/packages holds two releases of it.
OLD=0.1.0
NEXT=0.2.0

package() { echo "/scenario/packages/portcullis_$1_amd64.deb"; }
# How dpkg has it and which release, or nothing when none of its files are there.
installed() {
    dpkg-query --show --showformat='${db:Status-Status} ${Version}' portcullis 2>/dev/null | grep -Ev '^(not-installed|config-files)' || true
}
units_on_disk() { find /etc/systemd/system -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum; }

# refused COMMAND...: it fails; what it said is in $said.
refused() {
    if said=$("$@" 2>&1); then fail "not refused: $*: $said"; fi
    say "$said"
}

# digest_of_installed: every file of ours below /usr and /etc, by content, mode and owner.
digest_of_installed() {
    find /usr/lib/portcullis /usr/share/portcullis /usr/bin/desk /usr/bin/unitgen /etc/portcullis /etc/needrestart/conf.d \
        -printf '%p %m %u %l\n' -type f -exec sha256sum {} \; 2>/dev/null | sort | sha256sum
}

# The services that unitgen rendered are pointed at the venue, by drop-ins that end with this boot.
point_at_the_venue() {
    local file unit
    for file in $(grep -ls '^# Rendered by unitgen ' /etc/systemd/system/*.service); do
        unit=${file##*/}
        mkdir -p "/run/systemd/system/$unit.d"
        {
            printf '[Service]\nEnvironment=APCA_API_BASE_URL=%s APCA_API_DATA_URL=%s PORTCULLIS_CLOCK=venue\n' "$VENUE" "$VENUE"
            # A sandbox without a network cannot ask the venue for the time.
            printf 'PrivateNetwork=no\nIPAddressAllow=localhost\nRestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n'
        } > "/run/systemd/system/$unit.d/90-venue.conf"
    done
    systemctl daemon-reload
}
forget_the_venue() {
    rm -f /run/systemd/system/*.service.d/90-venue.conf
    systemctl daemon-reload
}

# A deployment as docs/install-debian.md makes it, by hand and in short.
deploy() {
    install -m 0644 /usr/share/portcullis/avwap.toml /etc/portcullis/avwap.toml
    printf SIMKEY | install -m 0600 /dev/stdin /etc/portcullis/credentials/avwap/APCA_API_KEY_ID
    printf SIMSECRET | install -m 0600 /dev/stdin /etc/portcullis/credentials/avwap/APCA_API_SECRET_KEY
    unitgen render /etc/portcullis/avwap.toml --target systemd --out /etc/systemd/system > /dev/null
    point_at_the_venue
}

# hold_a_position: until execution, which runs, has bought, and what it bought has its stop at the venue.
hold_a_position() {
    local steps
    for steps in {1..400}; do
        venue POST /sim/advance '{"seconds":15}' > /dev/null
        [ "$((steps % 4))" -ne 0 ] || ! is_protected || { say "protected after $steps steps"; return; }
        pause
    done
    fail "nothing was bought, or it has no stop: $(truth '{positions, orders}' | head -c 3000)"
}
# Something is held, and stops for all of it lie at the venue.
is_protected() {
    local held
    held=$(venue GET /v2/positions | jq -c 'map({key: .symbol, value: (.qty | tonumber)}) | from_entries')
    venue GET '/v2/orders?status=open&limit=500' | jq -e --argjson held "$held" '
        map(select(.side == "sell" and .type == "stop")) as $stops
        | ($held | length > 0) and all($held | to_entries[];
            . as $position | ($stops | map(select(.symbol == $position.key) | .qty | tonumber) | add // 0) == $position.value)
    ' > /dev/null
}
# The stops that lie at the venue, in order.
stops() { venue GET '/v2/orders?status=open&limit=500' | jq -c 'map(select(.type == "stop") | [.symbol, .id, .qty]) | sort'; }

# stops_stay STOPS: each that lay there lies there; more may have come for what was bought since.
stops_stay() {
    local now
    now=$(stops)
    jq -ne --argjson before "$1" --argjson now "$now" '$before - $now == []' > /dev/null || fail "stops were $1, are $now"
}

# What tells one run of execution from another.
run_of_execution() { echo "$(show execution.service InvocationID) $(show execution.service MainPID)"; }
program_of_execution() { readlink "/proc/$(show execution.service MainPID)/exe"; }
