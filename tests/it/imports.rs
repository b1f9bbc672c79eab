//! Which module of `src` uses which: every path in the sources that begins with `crate`, `super`, `self` or an imported name is
//! followed, through re-exports, to the file that it leads to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A module: its path from the root, which is the empty one.
pub type Module = Vec<String>;

/// The modules of some sources and what each uses, tests aside.
pub struct Imports {
    uses: BTreeMap<Module, BTreeSet<Module>>,
}

/// A file, read.
#[derive(Default)]
struct Source {
    /// Names that stand for something of the crate, and what: from the root.
    imported: BTreeMap<String, Module>,
    /// Those of them that others may import from here.
    re_exported: BTreeMap<String, Module>,
    /// Paths in the code, as written.
    paths: Vec<Module>,
}

impl Imports {
    /// Of files: module and text.
    pub fn of(files: &[(Module, String)]) -> Self {
        let modules: BTreeSet<_> = files.iter().map(|(module, _)| module.clone()).collect();
        let mut sources = BTreeMap::new();
        for (module, text) in files {
            let tokens: TokenStream = text.parse().unwrap_or_else(|cause| panic!("{module:?}: {cause}"));
            let mut source = Source::default();
            read(tokens, module, &modules, &mut source);
            sources.insert(module.clone(), source);
        }
        let mut uses = BTreeMap::new();
        for (module, source) in &sources {
            let written = source.paths.iter().filter_map(|path| absolute(path, module, &modules, &source.imported));
            let all = written.chain(source.imported.values().cloned());
            let targets = all.map(|path| leads_to(&path, &sources, 0)).filter(|target| !target.is_empty());
            uses.insert(module.clone(), targets.filter(|target| target != module).collect());
        }
        Self { uses }
    }

    /// Circles of modules, each as the modules that reach each other. What a module uses of its own children, and they of it, is
    /// aside: they are one thing in several files.
    pub fn circles(&self) -> Vec<BTreeSet<&Module>> {
        let apart = |a: &Module, b: &Module| !a.starts_with(b) && !b.starts_with(a);
        let reach: BTreeMap<&Module, BTreeSet<&Module>> = self
            .uses
            .keys()
            .map(|from| {
                let (mut seen, mut todo) = (BTreeSet::new(), vec![from]);
                while let Some(one) = todo.pop() {
                    for next in self.uses.get(one).into_iter().flatten().filter(|next| apart(one, next)) {
                        if seen.insert(next) {
                            todo.push(next);
                        }
                    }
                }
                (from, seen)
            })
            .collect();
        let mutual = |a: &&Module, b: &&Module| reach[*a].contains(*b) && reach[*b].contains(*a);
        let in_one = reach.keys().filter(|one| reach[**one].contains(**one));
        let circles: BTreeSet<BTreeSet<&Module>> =
            in_one.map(|one| reach.keys().filter(|other| mutual(one, other)).copied().collect()).collect();
        circles.into_iter().collect()
    }

    /// The same of whole folders and files of the root: who uses whom.
    pub fn of_the_root(&self) -> BTreeSet<(&str, &str)> {
        let pairs = self.uses.iter().flat_map(|(from, to)| to.iter().map(move |to| (from.first(), to.first())));
        let pairs = pairs.filter_map(|(from, to)| Some((from?.as_str(), to?.as_str())));
        pairs.filter(|(from, to)| from != to).collect()
    }
}

/// The sources below a folder: module and text. `mod.rs` is its folder's module; files of tests alone are left out.
pub fn sources(root: &Path) -> Vec<(Module, String)> {
    fn walk(folder: &Path, root: &Path, out: &mut Vec<(Module, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(root).unwrap().with_extension("");
                let mut module: Module = below.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
                module.retain(|part| part != "mod" && part != "lib");
                if module != ["main"] {
                    out.push((module, fs::read_to_string(&path).unwrap()));
                }
            }
        }
    }
    let mut out = Vec::new();
    walk(root, root, &mut out);
    let of_tests: Vec<Module> = out.iter().flat_map(|(module, text)| test_modules(module, text)).collect();
    out.retain(|(module, _)| !of_tests.contains(module));
    out
}

/// The files that a module declares for tests.
fn test_modules(module: &Module, text: &str) -> Vec<Module> {
    let declared = text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| rest.lines().next());
    let names = declared.filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    names.map(|name| [&module[..], &[name.to_owned()]].concat()).collect()
}

/// Notes the paths of a stream and of all that is in brackets in it, macros' arguments among them.
fn read(tokens: TokenStream, module: &Module, modules: &BTreeSet<Module>, source: &mut Source) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < trees.len() {
        if is_of_tests(&trees[at..]) {
            // The attribute, and the item that it is on.
            at += 2;
            while at < trees.len() && !ends_item(&trees[at]) {
                at += 1;
            }
            at += 1;
            continue;
        }
        match &trees[at] {
            TokenTree::Ident(word) if word == "use" => {
                let end = (at..trees.len()).find(|n| is_punct(&trees[*n], ';')).unwrap_or(trees.len());
                let public = at > 0 && is_public(&trees[..at]);
                let mut found = Vec::new();
                import(&trees[at + 1..end], &mut Vec::new(), &mut found);
                for (path, name) in found {
                    if let Some(path) = absolute(&path, module, modules, &BTreeMap::new()) {
                        if public {
                            source.re_exported.insert(name.clone(), path.clone());
                        }
                        source.imported.insert(name, path);
                    }
                }
                at = end;
            }
            TokenTree::Ident(_) if at == 0 || !follows_path(&trees[..at]) => {
                let (path, next) = path_at(&trees, at);
                if path.len() > 1 {
                    source.paths.push(path);
                }
                at = next;
            }
            TokenTree::Group(group) => {
                read(group.stream(), module, modules, source);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Whether `#[cfg(test)]` stands here.
fn is_of_tests(trees: &[TokenTree]) -> bool {
    match trees {
        [TokenTree::Punct(mark), TokenTree::Group(group), ..] if mark.as_char() == '#' => {
            group.stream().to_string().replace(' ', "") == "cfg(test)"
        }
        _ => false,
    }
}

fn ends_item(tree: &TokenTree) -> bool {
    is_punct(tree, ';') || matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn is_punct(tree: &TokenTree, mark: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn is_public(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Ident(word)] => word == "pub",
        [.., TokenTree::Ident(word), TokenTree::Group(_)] => word == "pub",
        _ => false,
    }
}

/// Whether a name stands behind `::` or a dot, and so is no beginning of a path.
fn follows_path(before: &[TokenTree]) -> bool {
    match before {
        [.., a, b] if is_punct(a, ':') && is_punct(b, ':') => true,
        [.., a] => is_punct(a, '.'),
        [] => false,
    }
}

/// The path that begins here, and where it has ended.
fn path_at(trees: &[TokenTree], mut at: usize) -> (Module, usize) {
    let mut path = Vec::new();
    while let Some(TokenTree::Ident(name)) = trees.get(at) {
        path.push(name.to_string());
        at += 1;
        match trees.get(at..at + 2) {
            Some([a, b]) if is_punct(a, ':') && is_punct(b, ':') => at += 2,
            _ => break,
        }
    }
    (path, at)
}

/// The paths of a `use`, with the names that they have here.
fn import(trees: &[TokenTree], prefix: &mut Module, found: &mut Vec<(Module, String)>) {
    for one in trees.split(|tree| is_punct(tree, ',')) {
        let (path, end) = path_at(one, 0);
        let mut whole = [&prefix[..], &path[..]].concat();
        if let Some(TokenTree::Group(group)) = one.get(end) {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            import(&inner, &mut whole, found);
            continue;
        }
        // `a::*`, or nothing at all.
        if whole.last().is_some_and(|last| last == "self") && whole.len() > 1 {
            whole.pop();
        }
        let renamed = match one.get(end..) {
            Some([TokenTree::Ident(word), TokenTree::Ident(name)]) if word == "as" => Some(name.to_string()),
            _ => None,
        };
        if let Some(name) = renamed.or_else(|| whole.last().cloned()) {
            found.push((whole, name));
        }
    }
}

/// A path from the root, if it leads into the crate.
fn absolute(
    path: &[String],
    module: &Module,
    modules: &BTreeSet<Module>,
    imported: &BTreeMap<String, Module>,
) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    let child = || [&module[..], std::slice::from_ref(first)].concat();
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([module, rest].concat()),
        "super" => {
            let supers = path.iter().take_while(|part| *part == "super").count();
            // A module within the file has one more above it.
            let above = module.len().saturating_sub(supers);
            Some([&module[..above], &path[supers..]].concat())
        }
        _ if imported.contains_key(first) => Some([&imported[first][..], rest].concat()),
        _ if modules.contains(&child()) => Some([&module[..], path].concat()),
        _ => None,
    }
}

/// The file where something is that a path names: the deepest module on it, or wherever that has it from.
fn leads_to(path: &[String], sources: &BTreeMap<Module, Source>, depth: usize) -> Module {
    for length in (0..=path.len()).rev() {
        let Some(source) = sources.get(&path[..length]) else { continue };
        let elsewhere = path.get(length).and_then(|name| source.re_exported.get(name)).filter(|_| depth < 8);
        return match elsewhere {
            Some(from) => leads_to(&[&from[..], &path[length + 1..]].concat(), sources, depth + 1),
            None => path[..length].to_vec(),
        };
    }
    Vec::new()
}
