//! Finds the paths in a source text and resolves `crate`, `self` and `super`. It knows nothing of the rules.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, ItemExternCrate, ItemMod, ItemUse, Macro, Meta, MetaList, Token, UseTree, Visibility};

/// One path as written: `crate::imap::types::Uid`, or `tokio::io` for another crate's.
#[derive(Debug)]
pub(crate) struct Found {
    /// The module that contains it, without `crate::`.
    pub(crate) module: String,
    pub(crate) path: String,
    pub(crate) line: usize,
    /// For a path in a `use` line: the name that it imports.
    pub(crate) import: Option<Import>,
}

/// A name that a `use` line imports into a module.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) name: String,
    /// Whether other modules see it: `pub use`, and `pub(crate) use`.
    pub(crate) is_public: bool,
}

/// Every path in a file's text but those of its test code.
pub(crate) fn paths_of(module: &str, text: &str) -> Vec<Found> {
    read(module, text).0
}

/// The same, and the names with which paths begin outside `use` lines: an imported name that is not among them is only re-exported.
pub(crate) fn read(module: &str, text: &str) -> (Vec<Found>, BTreeSet<String>) {
    let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{module}: {error}"));
    let names = module.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let mut reader =
        Reader { module: names, inner: 0, is_public: false, import: None, found: Vec::new(), used: BTreeSet::new() };
    if !file.attrs.iter().any(is_for_tests) {
        reader.visit_file(&file);
    }
    (reader.found, reader.used)
}

struct Reader {
    /// Names from the root to the module being read.
    module: Vec<String>,
    /// How many of them are modules inside the file.
    inner: usize,
    /// Whether the `use` line that is being read is public.
    is_public: bool,
    /// The import of the path that is added next.
    import: Option<Import>,
    found: Vec<Found>,
    used: BTreeSet<String>,
}

impl Reader {
    fn add(&mut self, names: &[String], line: usize) {
        let import = self.import.take();
        let Some(path) = self.resolve(names) else { return };
        let outer = self.module.len() - self.inner;
        self.found.push(Found { module: self.module[..outer].join("::"), path, line, import });
    }

    /// `None` for a path that cannot leave its place: `self::x`, `Self::x`.
    fn resolve(&self, names: &[String]) -> Option<String> {
        let ups = names.iter().take_while(|name| *name == "super" || *name == "self").collect::<Vec<_>>();
        let (first, rest) = (names.first()?, &names[ups.len()..]);
        let up = ups.iter().filter(|name| **name == "super").count();
        match first.as_str() {
            "crate" => Some(names.join("::")),
            "Self" => None,
            "super" | "self" => {
                let kept = self.module.len().saturating_sub(up);
                let base = self.module[..kept].iter().chain(rest);
                Some(["crate".to_owned()].iter().chain(base).cloned().collect::<Vec<_>>().join("::"))
            }
            _ => Some(names.join("::")),
        }
    }

    fn use_tree(&mut self, tree: &UseTree, mut names: Vec<String>) {
        let line = tree.span().start().line;
        match tree {
            UseTree::Path(path) => {
                names.push(path.ident.to_string());
                self.use_tree(&path.tree, names);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, names.clone());
                }
            }
            UseTree::Glob(_) => {
                names.push("*".to_owned());
                self.import = Some(Import { name: "*".to_owned(), is_public: self.is_public });
                self.add(&names, line);
            }
            UseTree::Name(_) | UseTree::Rename(_) => {
                let ident = match tree {
                    UseTree::Rename(rename) => &rename.ident,
                    UseTree::Name(name) => &name.ident,
                    _ => return,
                };
                if ident != "self" || names.is_empty() {
                    names.push(ident.to_string());
                }
                let name = match tree {
                    UseTree::Rename(rename) => rename.rename.to_string(),
                    _ => names.last().cloned().unwrap_or_default(),
                };
                self.import = Some(Import { name, is_public: self.is_public });
                self.add(&names, line);
            }
        }
    }

    /// Inside a macro call nothing is parsed; a path is names with `::` between them.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let mut names = vec![first.to_string()];
                    while colon(at + 1) && colon(at + 2) {
                        let Some(TokenTree::Ident(next)) = tokens.get(at + 3) else { break };
                        names.push(next.to_string());
                        at += 3;
                    }
                    self.used.insert(names[0].clone());
                    if names.len() > 1 {
                        self.add(&names, first.span().start().line);
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !attributes(item).iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !item.attrs.iter().any(is_for_tests) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.module.push(item.ident.to_string());
        self.inner += 1;
        visit::visit_item_mod(self, item);
        self.module.pop();
        self.inner -= 1;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.is_public = !matches!(item.vis, Visibility::Inherited);
        self.use_tree(&item.tree, Vec::new());
    }

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        self.add(&[item.ident.to_string()], item.span().start().line);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.used.extend(names.first().cloned());
        // A single name is local, or was found in a `use` line.
        if names.len() > 1 {
            self.add(&names, path.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }

    fn visit_meta_list(&mut self, list: &'ast MetaList) {
        visit::visit_meta_list(self, list);
        self.tokens(list.tokens.clone());
    }
}

pub(crate) fn attributes(item: &syn::Item) -> &[Attribute] {
    use syn::Item::{Const, Enum, ExternCrate, Fn, Impl, Macro, Mod, Static, Struct, Trait, Type, Use};
    match item {
        Const(item) => &item.attrs,
        Enum(item) => &item.attrs,
        ExternCrate(item) => &item.attrs,
        Fn(item) => &item.attrs,
        Impl(item) => &item.attrs,
        Macro(item) => &item.attrs,
        Mod(item) => &item.attrs,
        Static(item) => &item.attrs,
        Struct(item) => &item.attrs,
        Trait(item) => &item.attrs,
        Type(item) => &item.attrs,
        Use(item) => &item.attrs,
        _ => &[],
    }
}

/// `#[test]`, `#[cfg(test)]` and `#[cfg(all(test, ...))]`, but not `#[cfg(any(test, ...))]` nor `#[cfg(not(test))]`.
pub(crate) fn is_for_tests(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("cfg") => list.parse_args::<Meta>().is_ok_and(|meta| needs_test(&meta)),
        _ => false,
    }
}

fn needs_test(meta: &Meta) -> bool {
    match meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|all| all.iter().any(needs_test)),
        _ => false,
    }
}
