#: about docs/install-debian.md to the letter: from a bare host to a paper day with positions, through upgrade and downgrade, to a removed package
#: deploy nothing
#: packages 0.1.0 0.2.0
#: venue --session 2026-10-15 --start 08:25 --account PA39000001
#: inputs 2026-10-15
#: timeout 240
. /scenario/deb.sh
wait_for 20 systemctl is-system-running --wait
export DEBIAN_FRONTEND=noninteractive

# What stands in capitals on the page, and what is typed when a block asks.
declare -A ANSWERS=([VERSION]=$OLD [NEXT]=$NEXT [YOUR_ACCOUNT]=PA39000001)
TYPED=$'SIMKEY\nSIMSECRET\n'

# The page as the package brings it, its blocks of commands as files: BLOCKS/SECTION/NUMBER.
BLOCKS=/tmp/blocks
mkdir "$BLOCKS"
dpkg-deb --fsys-tarfile "$(package $OLD)" | tar -xO ./usr/share/doc/portcullis/install-debian.md > /tmp/page.md
awk -v to="$BLOCKS" '
    /^## / { section = substr($0, 4); gsub(/ /, "-", section); number = 0 }
    /^```/ { if (on) { on = 0; close(file) } else if ($0 == "```sh") {
        on = 1; number++; system("mkdir -p \"" to "/" section "\""); file = to "/" section "/" number } ; next }
    on { print > file }
' /tmp/page.md
for name in "${!ANSWERS[@]}"; do sed -i "s/$name/${ANSWERS[$name]}/g" "$BLOCKS"/*/*; done

# What lies in the directory the operator works in.
mkdir /root/work
cd /root/work
cp /scenario/packages/*.deb /scenario/inputs/cache/bars.parquet /scenario/inputs/cache/universe.csv .

# follow SECTION [NUMBER]: its blocks, or one of them, as somebody would type them.
follow() {
    local block blocks=("$BLOCKS/$1"/*)
    [ $# -eq 1 ] || blocks=("$BLOCKS/$1/$2")
    for block in "${blocks[@]}"; do
        [ -e "$block" ] || fail "the page has no block $block"
        say "--- ${block#"$BLOCKS/"}"
        sed 's/^/# /' "$block"
        bash -euo pipefail "$block" <<< "$TYPED" 2>&1 || fail "$block"
        rm "$block"
    done
}

follow Install
expect "$(installed)" "installed $OLD"
follow Say-what-shall-run
follow Keys
expect "$(cat /etc/portcullis/credentials/avwap/APCA_API_SECRET_KEY)" SIMSECRET
expect "$(stat -c '%a %U' /etc/portcullis/credentials/avwap/APCA_API_SECRET_KEY)" '600 root'
# What is typed has the host's clock unless it is said otherwise; the venue lives in another year, before its day begins.
by_the_venue() { PORTCULLIS_CLOCK=venue APCA_API_BASE_URL=$VENUE follow "$@"; }
by_the_venue Units
expect "$(systemctl is-enabled avwap.target)" enabled
expect_show avwap.target ActiveState active
expect_show execution.service ActiveState inactive
for timer in scan execution-restart eod; do expect_show $timer.timer ActiveState active; done
# The host of a test has a broker and a clock of its own.
point_at_the_venue
follow The-first-scan
wait_for 20 is_shown execution.service ActiveState active
venue POST /sim/advance '{"seconds":4980}' > /dev/null
hold_a_position
by_the_venue What-to-look-at > /tmp/looked
cat /tmp/looked
matches "$(cat /tmp/looked)" '^kill switch +clear$'
matches "$(cat /tmp/looked)" '^OK: Watchlist is fresh'
run=$(run_of_execution)
# Somebody's editor.
install -m 755 /dev/stdin /usr/local/bin/change-of-mind <<'EDITOR'
#!/bin/sh
exec sed -i 's/^EXECUTION_POLL_SECONDS = "60"/EXECUTION_POLL_SECONDS = "45"/' "$1"
EDITOR
EDITOR=change-of-mind by_the_venue A-change-of-the-manifest
wait_for 20 is_shown execution.service ActiveState active
matches "$(show execution.service Environment)" 'EXECUTION_POLL_SECONDS=45'
[ "$(run_of_execution)" != "$run" ] || fail 'execution was not started again'

for section in Upgrade Downgrade; do
    run=$(run_of_execution)
    follow $section 1
    expect "$(run_of_execution)" "$run" 'the run'
    forget_the_venue
    by_the_venue $section 2
    point_at_the_venue
    follow $section 3
    wait_for 20 is_shown execution.service ActiveState active
    [ "$(run_of_execution)" != "$run" ] || fail 'execution was not started again'
    expect "$(program_of_execution)" /usr/lib/portcullis/bin/execution
    is_protected || fail 'stops are missing'
done
expect "$(installed)" "installed $OLD"

follow Remove 1
expect "$(installed)" ''
expect_show execution.service ActiveState inactive
is_protected || fail 'stops do not stay'
[ -e "$ROOT/data/execution_v2.sqlite" ] || fail 'the ledger is gone'
rm -r /run/systemd/system/*.service.d
follow Remove 2
expect_show execution.service LoadState not-found
expect "$(find "$BLOCKS" -type f)" '' 'blocks nobody followed'
