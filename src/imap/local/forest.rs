//! Trees whose nodes change their parents, with the root of each node found in logarithmic time, so that long threads of replies cost no
//! more than short ones: link/cut trees (Sleator and Tarjan) on splay trees. It must not know messages.

/// The absence of a node.
const NONE: u32 = u32::MAX;

/// Nodes, numbered from 0. Each has a parent, or is a root. There are no loops.
#[derive(Debug, Default)]
pub(super) struct Forest {
    parents: Vec<u32>,
    /// A splay tree for each path, in which a node's depth is its position.
    splay: Vec<Splay>,
}

#[derive(Clone, Copy, Debug)]
struct Splay {
    /// The parent in the splay tree; for its root, the node above the path.
    up: u32,
    /// The subtrees of what is higher in the path, and of what is lower.
    sides: [u32; 2],
}

const ALONE: Splay = Splay { up: NONE, sides: [NONE; 2] };

impl Forest {
    /// Adds a root. Returns its number.
    pub(super) fn add(&mut self) -> u32 {
        let number = u32::try_from(self.parents.len()).unwrap_or(NONE);
        self.parents.push(NONE);
        self.splay.push(ALONE);
        number
    }

    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    pub(super) fn parent(&self, node: u32) -> Option<u32> {
        self.parents.get(node as usize).copied().filter(|&parent| parent != NONE)
    }

    /// Makes a root the child of a node, unless the node is in the root's own tree. Returns whether it did.
    pub(super) fn link(&mut self, root: u32, parent: u32) -> bool {
        if self.parent(root).is_some() || self.root(parent) == root {
            return false;
        }
        self.expose(root);
        self.expose(parent);
        self.change(root, |splay| splay.up = parent);
        if let Some(kept) = self.parents.get_mut(root as usize) {
            *kept = parent;
        }
        true
    }

    /// Makes a node a root, together with everything below it.
    pub(super) fn cut(&mut self, node: u32) {
        self.expose(node);
        let above = self.side(node, 0);
        self.change(above, |splay| splay.up = NONE);
        self.change(node, |splay| splay.sides = [NONE, splay.sides[1]]);
        if let Some(parent) = self.parents.get_mut(node as usize) {
            *parent = NONE;
        }
    }

    /// The root of the node's tree.
    pub(super) fn root(&mut self, node: u32) -> u32 {
        self.expose(node);
        let mut root = node;
        while self.side(root, 0) != NONE {
            root = self.side(root, 0);
        }
        self.raise(root);
        root
    }

    /// Makes the way from the root to the node one path, and the node the root of its splay tree.
    fn expose(&mut self, node: u32) {
        let (mut lower, mut at) = (NONE, node);
        while at != NONE {
            self.raise(at);
            self.change(at, |splay| splay.sides = [splay.sides[0], lower]);
            (lower, at) = (at, self.up(at));
        }
        self.raise(node);
    }

    /// Makes the node the root of its splay tree.
    fn raise(&mut self, node: u32) {
        while let Some(side) = self.side_of(node) {
            let up = self.up(node);
            match self.side_of(up) {
                Some(other) if other == side => self.rotate(up),
                Some(_) => self.rotate(node),
                None => {}
            }
            self.rotate(node);
        }
    }

    /// Exchanges the node and its parent in the splay tree.
    fn rotate(&mut self, node: u32) {
        let Some(side) = self.side_of(node) else { return };
        let up = self.up(node);
        let (above, side_above) = (self.up(up), self.side_of(up));
        let inner = self.side(node, 1 - side);
        self.set_side(up, side, inner);
        self.change(inner, |splay| splay.up = up);
        self.set_side(node, 1 - side, up);
        self.change(up, |splay| splay.up = node);
        self.change(node, |splay| splay.up = above);
        if let Some(side_above) = side_above {
            self.set_side(above, side_above, node);
        }
    }

    /// On which side of its parent in the splay tree the node is; `None` for the root of a splay tree.
    fn side_of(&self, node: u32) -> Option<usize> {
        let up = self.up(node);
        (0..2).find(|&side| up != NONE && self.side(up, side) == node)
    }

    fn up(&self, node: u32) -> u32 {
        self.splay.get(node as usize).map_or(NONE, |splay| splay.up)
    }

    fn side(&self, node: u32, side: usize) -> u32 {
        self.splay.get(node as usize).and_then(|splay| splay.sides.get(side)).copied().unwrap_or(NONE)
    }

    fn set_side(&mut self, node: u32, side: usize, to: u32) {
        self.change(node, |splay| {
            if let Some(kept) = splay.sides.get_mut(side) {
                *kept = to;
            }
        });
    }

    fn change(&mut self, node: u32, change: impl FnOnce(&mut Splay)) {
        if let Some(splay) = self.splay.get_mut(node as usize) {
            change(splay);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Link(u32, u32),
        Cut(u32),
        Root(u32),
    }

    fn step() -> impl Strategy<Value = Step> {
        let node = || 0_u32..12;
        prop_oneof![
            4 => (node(), node()).prop_map(|(root, parent)| Step::Link(root, parent)),
            1 => node().prop_map(Step::Cut),
            2 => node().prop_map(Step::Root),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn it_is_what_parents_alone_say(steps in prop::collection::vec(step(), 0..80)) {
            let mut forest = Forest::default();
            let mut parents = [None::<u32>; 12];
            (0..12).for_each(|number| assert_eq!(forest.add(), number));
            let root = |parents: &[Option<u32>; 12], mut node: u32| {
                while let Some(parent) = parents[node as usize] {
                    node = parent;
                }
                node
            };
            for step in steps {
                match step {
                    Step::Link(node, parent) => {
                        let may = parents[node as usize].is_none() && root(&parents, parent) != node;
                        if may {
                            parents[node as usize] = Some(parent);
                        }
                        prop_assert_eq!(forest.link(node, parent), may);
                    }
                    Step::Cut(node) => {
                        parents[node as usize] = None;
                        forest.cut(node);
                    }
                    Step::Root(node) => prop_assert_eq!(forest.root(node), root(&parents, node)),
                }
                for node in 0..12 {
                    prop_assert_eq!(forest.parent(node), parents[node as usize]);
                }
            }
        }
    }

    #[test]
    fn a_long_chain_is_no_trouble() {
        let mut forest = Forest::default();
        (0..200_000).for_each(|_| {
            forest.add();
        });
        assert!((1..200_000).all(|node| forest.link(node - 1, node)));
        assert_eq!(forest.root(0), 199_999);
        assert!(!forest.link(199_999, 0));
        forest.cut(100_000);
        assert_eq!((forest.root(0), forest.root(199_998)), (100_000, 199_999));
    }
}
