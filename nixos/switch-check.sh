# Refuses to switch while order-placing units would change under what they hold. Above stand: $name, $state and $units.
# Called with the incoming configuration, the action, and for tests the running configuration and the folder of the permit.
incoming=$1 action=${2:-switch} running=${3:-/run/current-system} permit=${4:-/run}/portcullis-switch-anyway

# The unit and its drop-ins, as they are installed in a configuration. Each names the digest of the manifest and the path of
# the programs, so another manifest or another release is another unit.
installed() {
    local file
    for file in "$1/etc/systemd/system/$2" "$1/etc/systemd/system/$2.d"/*.conf; do
        if [ -e "$file" ]; then
            printf '\n# %s\n' "${file##*/}"
            cat "$file"
        fi
    done
}

# What runs may be of another manifest: what places orders has another name there, or its state another place.
states=("$state")
for file in "$running"/etc/systemd/system/*.service; do
    [ -e "$file" ] || continue
    text=$(cat "$file")
    [[ $text == '# Rendered by unitgen '* && $text == *$'\nX-RestartIfChanged=false'* ]] || continue
    units+=("${file##*/}")
    if [[ $text == *$'\nStateDirectory='* ]]; then
        folder=${text##*$'\nStateDirectory='}
        states+=("/var/lib/${folder%%$'\n'*}")
    fi
done
mapfile -t units < <(printf '%s\n' "${units[@]}" | sort -u)
mapfile -t states < <(printf '%s\n' "${states[@]}" | sort -u)

changed=()
for unit in "${units[@]}"; do
    [ -n "$unit" ] || continue
    [ "$(installed "$running" "$unit")" = "$(installed "$incoming" "$unit")" ] || changed+=("$unit")
done
if [ ${#changed[@]} -eq 0 ]; then
    exit 0
fi

quiet=yes
for state in "${states[@]}"; do
    desk quiet --root "$state" || quiet=no
done
if [ $quiet = yes ]; then
    exit 0
fi

printf '%s: this configuration changes %s.\n' "$name" "${changed[*]}"
case $action in
switch | test) ;;
*)
    printf 'A switch to it would be refused now; %s changes nothing that runs.\n' "$action"
    exit 0
    ;;
esac
# A permit is for one switch.
if [ -e "$permit" ]; then
    rm -- "$permit"
    printf 'Switching all the same: %s was there.\n' "$permit"
    exit 0
fi
cat <<TEXT
What runs would go on with the old release beside jobs of the new one, and another manifest takes away openings at once.
  wait:            $name changes best after the close
  at the next boot:nixos-rebuild boot
  all the same:    touch $permit, then switch again
TEXT
exit 1
