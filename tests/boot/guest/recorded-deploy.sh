# What is typed in the recorded session of docs/deploying.md. Runs in a terminal of its own.
. /scenario/lib.sh
. /scenario/apply.sh
cd /root
typed() {
    printf '\033[1mroot@guest:~# %s\033[0m\n' "$*"
    "$@" || true
}
note() { printf '\033[36m# %s\033[0m\n' "$*"; }

note 'Before the day begins: a bare host, a manifest, and its first plan.'
typed unitgen plan first.toml -o first.plan
typed unitgen apply first.plan

lay_list 2026-10-15 > /dev/null
venue POST /sim/advance '{"to": "2026-10-15T09:40:00-04:00"}' > /dev/null
systemctl start execution.service
note 'The market is open and execution runs. Somebody changes the manifest, and mistypes the account.'
typed unitgen plan wrong.toml -o wrong.plan
typed unitgen apply wrong.plan
note 'Nothing is held yet, so it may be done in the session by who means it.'
typed unitgen apply wrong.plan --during-session
typed unitgen rollback --list
typed systemctl is-active execution.service
