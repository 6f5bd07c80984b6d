# What a scenario in a virtual machine has beside lib.sh: a clock of its own. Idle time costs nothing here, work does:
# conditions are looked at once a second of the guest's.
exec {silent}<> <(:)
pause() { read -rt 1 -u "$silent" || true; }

# The seconds since the boot: a clock that nobody sets.
steady() { local up; read -r up _ < /proc/uptime; echo "${up%.*}"; }

# wait_for SECONDS COMMAND...: as in lib.sh, by the clock that nobody sets.
wait_for() {
    local bound=$1 end
    shift
    end=$(($(steady) + bound))
    until "$@" >/dev/null 2>&1; do
        [ "$(steady)" -lt "$end" ] || fail "not so after $bound s of the guest: $*"
        pause
    done
}

# clock UTC: what the guest's clock says from now on.
clock() { date -u -s "$1" >/dev/null && say "-- $(date -u '+%F %T') UTC, $(TZ=America/New_York date '+%a %H:%M:%S') in New York"; }

# open_venue: it trades the sessions of the header's `days`, by the guest's clock.
open_venue() {
    systemctl start venue.service
    wait_for 60 curl -sf "$VENUE/sim/clock"
}

# bars DATE: what the scan of that morning reads.
bars() {
    install -d -o trading -g trading -m 700 "$ROOT" "$ROOT/cache"
    install -o trading -g trading -m 600 /scenario/days/"$1"/cache/* "$ROOT/cache/"
}

# fires TIMER: when, in UTC.
fires() { date -u -d "$(TZ=UTC show "$1" NextElapseUSecRealtime)" '+%F %T'; }
# is_another UNIT PID: it runs, and as another process.
is_another() { local pid; pid=$(show "$1" MainPID); [ "$pid" != "$2" ] && [ "$pid" != 0 ] && is_shown "$1" ActiveState active; }
# is_over JOB: it has run, and ended.
is_over() { [ -n "$(show "$1" ExecMainExitTimestamp)" ] && is_shown "$1" ActiveState inactive; }
# times JOB: how often it ended well.
times() { journal -u "$1" MESSAGE_ID=39f53479d3a045ac8e11786248231fbf JOB_RESULT=done | wc -l; }
# are_held N: so many positions or more.
are_held() { [ "$(truth '.positions | length')" -ge "$1" ]; }

# every_position_has_its_stop: whatever is held lies under stops of the same quantity, at the venue.
every_position_has_its_stop() {
    local held covered
    held=$(venue GET /v2/positions | jq -r '.[] | "\(.symbol) \(.qty)"' | sort)
    covered=$(venue GET '/v2/orders?status=open&limit=500' | jq -r '[.[] | select(.side == "sell" and .type == "stop")]
        | group_by(.symbol)[] | "\(.[0].symbol) \(map(.qty | tonumber) | add)"' | sort)
    say "held: ${held//$'\n'/, }"
    expect "$covered" "$held" 'stops at the venue'
}

# no_order_was_sent_twice: every order that reached the venue's door had an id of its own.
no_order_was_sent_twice() {
    expect "$(venue GET /sim/requests | jq -r '[.[] | select(.method == "POST" and .path == "/v2/orders") | .body
        | fromjson.client_order_id] | group_by(.) | map(select(length > 1) | .[0]) | join(" ")')" '' 'sent twice'
}

# alerts UNIT: how many records at priority err say ALERT.
alerts() { journal -u "$1" -p err | jq -rs '[.[] | select((.MESSAGE | strings) | startswith("ALERT"))] | length'; }

# let_pass SECONDS: of the guest's.
let_pass() { local end=$(($(steady) + $1)); while [ "$(steady)" -lt "$end" ]; do pause; done; }
# switch_off, switch_on: what timers see of a host that is off for a while.
# Disabled, so that nothing refers to a unit and systemd forgets when it armed what: a timer that is only stopped and started
# catches up with the slots between.
switch_off() { systemctl disable --now avwap.target 2>/dev/null; systemctl daemon-reload; }
switch_on() { systemctl enable --now avwap.target 2>/dev/null; }
# is_over_with UNIT RESULT: the result of its latest start.
is_over_with() { is_shown "$1" Result "$2"; }
# have_run JOB N: it ended well so often.
have_run() { [ "$(times "$1")" -ge "$2" ]; }
# was_refused N: execution's gate refused so often.
was_refused() { [ "$(alerts execution.service)" -ge "$1" ]; }
# bought: the symbol of every order to buy there ever was, sorted.
bought() { venue GET '/v2/orders?status=all&limit=500' | jq -r '.[] | select(.side == "buy") | .symbol' | sort; }
no_entry_works() { [ -z "$(open_buys)" ]; }
# open_buys: symbols with an order to buy at the venue.
open_buys() { venue GET '/v2/orders?status=open&limit=500' | jq -r '[.[] | select(.side == "buy") | .symbol] | join(" ")'; }
