//! What units of containers want of a host, read from the units.

use unitgen::{containers, host::Wanted, targets::Target};

use super::place::{AVWAP, IMAGE, in_containers, rendered};

#[test]
fn what_is_wanted_is_what_the_units_name() {
    let native = Wanted::of(&rendered(Target::Systemd, AVWAP), 252, None);
    assert_eq!((native.containers, native.tools), (None, Vec::<String>::new()));
    for (target, generated) in [(Target::Quadlet, true), (Target::PodmanUnits, false)] {
        let tree = containers::loaded(&rendered(target, &in_containers("5.4", 257)));
        let wanted = Wanted::of(&tree, 257, None);
        let containers = wanted.containers.clone().unwrap();
        assert_eq!((containers.images, containers.generated), (vec![IMAGE.to_owned()], generated), "{target:?}");
        // The programs of the image are the image's; gate and desk stand on the host.
        assert_eq!(wanted.programs, ["/usr/lib/portcullis/bin/desk", "/usr/lib/portcullis/bin/gate"], "{target:?}");
        assert_eq!(wanted.tools, ["/usr/bin/install", "/usr/bin/rm", "/usr/bin/setpriv"], "{target:?}");
        assert_eq!((wanted.user.as_str(), wanted.group.as_str()), ("trading", "trading"), "{target:?}");
        assert_eq!(wanted.credentials, native.credentials, "{target:?}");
        assert_eq!(wanted.zones, native.zones, "{target:?}");
        assert_eq!(wanted.places, native.places, "{target:?}");
    }
}
