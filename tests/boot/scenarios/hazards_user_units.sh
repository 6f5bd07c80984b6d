#: about units of a login's own manager run when somebody is there; ours belong to the system
. /scenario/hazards.sh

useradd --create-home jennifer
id=$(id -u jennifer)
units=/home/jennifer/.config/systemd/user
mkdir -p $units/default.target.wants $units/timers.target.wants
hers() { cat > "$units/$1"; }
hers paper-preflight.service <<'S'
[Unit]
Description=Paper Trading Preflight + Execution Validation
After=network.target
Requires=network.target
[Service]
Type=oneshot
ExecStart=/bin/bash -c 'echo ran >> ~/ran-preflight'
S
hers paper-trading.service <<'S'
[Unit]
After=network.target
[Service]
Type=oneshot
ExecStart=/bin/bash -c 'echo ran >> ~/ran-trading'
[Install]
WantedBy=default.target
S
hers paper-trading.timer <<'S'
[Timer]
OnCalendar=Mon..Fri 08:00:00 America/Chicago
[Install]
WantedBy=timers.target
S
ln -s ../paper-trading.service $units/default.target.wants/
ln -s ../paper-trading.timer $units/timers.target.wants/
chown -R jennifer: /home/jennifer
as_jennifer() { runuser -u jennifer -- env XDG_RUNTIME_DIR="/run/user/$id" systemctl --user "$@"; }

hazard no-login-no-day 'aurora-systemd-automation' 'services and timers of a user’s own manager'
bites 'the machine is up and her manager is not: no timer of hers exists until she logs in' is_shown "user@$id.service" ActiveState inactive
systemctl enable --quiet --now avwap.target
timers_wait() { local timer; for timer in scan execution-restart eod; do is_shown $timer.timer ActiveState active || return 1; done; }
ours 'one target of the system’s, enabled once, starts them at boot' timers_wait

hazard login-runs-the-job 'aurora-systemd-automation' 'WantedBy=default.target in a user’s manager'
# What a login does; the guest has no PAM module that would say where its manager's sockets lie.
install -D -m 644 /dev/stdin /etc/systemd/system/user@.service.d/runtime.conf <<'S'
[Service]
Environment=XDG_RUNTIME_DIR=/run/user/%i
S
systemctl daemon-reload
systemctl start "user@$id.service"
bites 'trading runs at every login' test -e /home/jennifer/ran-trading
wanted_by_nothing_but_the_target() { ! ls /etc/systemd/system/multi-user.target.wants | grep -E '^(scan|eod|execution)'; }
ours 'no job of ours is wanted by a target that a login starts' wanted_by_nothing_but_the_target

hazard network-target-of-a-user 'aurora-execution-integration' 'Requires=network.target in a user’s unit'
has_no_network_target() { as_jennifer show --property=LoadState --value network.target | grep -qx not-found; }
bites 'a user’s manager has no such unit' has_no_network_target
cannot_start() { ! as_jennifer start paper-preflight.service && [ ! -e /home/jennifer/ran-preflight ]; }
bites 'the preflight cannot be started at all' cannot_start
waits_for_the_network() { show execution.service After | grep -qw network-online.target; }
ours 'ordered after the system’s network-online.target' waits_for_the_network
