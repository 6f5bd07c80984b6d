//! Which names lie on a circle: strongly connected components, as Tarjan finds them, in time linear in names and arrows.
//!
//! Without recursion, since a chain of followers may be as long as a manifest.

use std::collections::{BTreeMap, BTreeSet};

/// What follows each name. A follower that is no name itself leads nowhere.
pub(crate) type Followers<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// The names from which following leads back to themselves.
pub(crate) fn on_circles<'a>(followers: &Followers<'a>) -> BTreeSet<&'a str> {
    let mut search = Search::default();
    for name in followers.keys() {
        search.visit(name, followers);
    }
    search.circling
}

#[derive(Default)]
struct Search<'a> {
    /// The number of each name by first visit, and the lowest that it leads back to.
    numbers: BTreeMap<&'a str, (usize, usize)>,
    /// Names visited whose component is not complete.
    open: Vec<&'a str>,
    is_open: BTreeSet<&'a str>,
    circling: BTreeSet<&'a str>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, root: &'a str, followers: &Followers<'a>) {
        if self.numbers.contains_key(root) {
            return;
        }
        self.enter(root);
        let mut path = vec![(root, 0)];
        while let Some((name, next)) = path.last_mut() {
            let name = *name;
            let arrows = followers.get(name).map_or(&[][..], Vec::as_slice);
            if let Some(follower) = arrows.get(*next).copied() {
                *next += 1;
                if !followers.contains_key(follower) {
                    continue;
                }
                if follower == name {
                    self.circling.insert(name);
                }
                if self.numbers.contains_key(follower) {
                    if self.is_open.contains(follower) {
                        self.lower(name, self.numbers[follower].0);
                    }
                } else {
                    self.enter(follower);
                    path.push((follower, 0));
                }
            } else {
                path.pop();
                let (number, lowest) = self.numbers[name];
                if let Some((above, _)) = path.last() {
                    self.lower(above, lowest);
                }
                if lowest == number {
                    self.close(name);
                }
            }
        }
    }

    fn enter(&mut self, name: &'a str) {
        let number = self.numbers.len();
        self.numbers.insert(name, (number, number));
        self.open.push(name);
        self.is_open.insert(name);
    }

    fn lower(&mut self, name: &'a str, to: usize) {
        if let Some((_, lowest)) = self.numbers.get_mut(name) {
            *lowest = to.min(*lowest);
        }
    }

    /// The component that a name began: with more than one in it, all of them circle.
    fn close(&mut self, first: &'a str) {
        let at = self.open.iter().rposition(|name| *name == first).unwrap_or(0);
        let component = self.open.split_off(at);
        for name in &component {
            self.is_open.remove(name);
        }
        if component.len() > 1 {
            self.circling.extend(component);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arrows: &[(&str, &[&str])], expect: &[&str]) {
        let followers: Followers<'_> = arrows.iter().map(|(name, to)| (*name, to.to_vec())).collect();
        assert_eq!(on_circles(&followers).into_iter().collect::<Vec<_>>(), expect, "{arrows:?}");
    }

    #[test]
    fn who_comes_back_to_itself() {
        check(&[("a", &["b"]), ("b", &["c"]), ("c", &[])], &[]);
        check(&[("a", &["a"])], &["a"]);
        check(&[("a", &["b"]), ("b", &["a"]), ("c", &["a"])], &["a", "b"]);
        check(&[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &[])], &[]);
        check(&[("a", &["b"]), ("b", &["c", "d"]), ("c", &["b"]), ("d", &["e"]), ("e", &["d"])], &["b", "c", "d", "e"]);
        check(&[("a", &["b", "nowhere"]), ("b", &["c"]), ("c", &["a"])], &["a", "b", "c"]);
        check(&[("a", &["c"]), ("b", &["a"]), ("c", &["b", "d"]), ("d", &["d"])], &["a", "b", "c", "d"]);
    }

    #[test]
    fn a_long_chain_takes_no_stack() {
        let names: Vec<String> = (0..100_000).map(|number| format!("{number:06}")).collect();
        let mut followers: Followers<'_> =
            names.windows(2).map(|pair| (pair[0].as_str(), vec![pair[1].as_str()])).collect();
        assert!(on_circles(&followers).is_empty());
        followers.insert("099999", vec!["000000"]);
        assert_eq!(on_circles(&followers).len(), names.len());
    }
}
