# podman out of its packages, and the image: $image. Comes before each scenario of containers.
for package in /scenario/packages/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -C / -x --keep-directory-symlink; done
ldconfig
mkdir -p /etc/containers
printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' > /etc/containers/storage.conf
echo '{ "default": [{ "type": "insecureAcceptAnything" }] }' > /etc/containers/policy.json
# A container of systemd's has no controllers, and its /proc/sys is read-only.
printf '[containers]\npids_limit = 0\ndefault_sysctls = []\n' > /etc/containers/containers.conf
figure podman "$(podman --version | sed 's/.* //')"

# The image: the stand-in and what it needs of this guest; it would set a variable and bring a volume.
root=$(mktemp -d)
chmod 755 "$root"
mkdir -p "$root"/{usr/lib/portcullis,usr/bin,usr/lib64,etc,proc,sys,dev,run,tmp,var/lib}
ln -s usr/bin "$root/bin"; ln -s usr/lib "$root/lib"; ln -s usr/lib64 "$root/lib64"
mkdir "$root/usr/lib/portcullis/bin"
for program in bash cat cp env id ls sed sleep sort systemd-notify touch tr wc; do
    cp "/usr/bin/$program" "$root/usr/bin/"
    # shellcheck disable=SC2013
    for library in $(ldd "/usr/bin/$program" | grep -o '/[^ ]*'); do
        mkdir -p "$root$(dirname "$library")"
        cp -n "$library" "$root$library" || true
    done
done
for program in execution desk scanner; do install -m 755 /scenario/program "$root/usr/lib/portcullis/bin/$program"; done
tar -C "$root" -c . | podman import --change 'ENV FOREIGN=1' --change 'VOLUME /data' - localhost/portcullis:1 2>&1
image=localhost/portcullis@$(podman image inspect --format '{{.Digest}}' localhost/portcullis:1)
