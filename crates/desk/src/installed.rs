//! What an installed manifest says in the environment's stead: units have it in their variables, an operator's shell has not.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use contract::{Env, ExitCode, env};
use manifest::{Deployment, Mode, Scope};

/// Where a deployment's manifest is installed.
const DIRECTORY: &str = "/etc/portcullis";

/// Reads an installed manifest.
///
/// # Errors
/// When it cannot be read, has errors, or has no service that places orders.
pub fn read(path: &Path) -> anyhow::Result<Deployment> {
    let bytes = fs::read(path).with_context(|| format!("{}", path.display()))?;
    let Ok(accepted) = manifest::read(&bytes) else {
        bail!("{} has errors; unitgen check says which", path.display());
    };
    if accepted.deployment.trader().is_none() {
        bail!("{} has no service that places orders", path.display());
    }
    Ok(accepted.deployment)
}

/// The environment of the deployment's service, for what it does not say itself.
pub fn complete(environment: Env, deployment: &Deployment) -> Env {
    let Some(service) = deployment.trader() else { return environment };
    let root = root_of(deployment);
    let of_root = root.as_deref().map(|root| (env::STATE_DIRECTORY.name, root));
    let of_trading = service.trading().into_iter().flat_map(|trading| {
        [(env::PORTCULLIS_ACCOUNT.name, trading.account().as_str()), (env::EXECUTION_MODE.name, mode(trading.mode()))]
    });
    let own = of_root.into_iter().chain(of_trading);
    let settings = service.env().iter().map(|variable| (variable.name.get_ref().as_str(), variable.value.get_ref()));
    let settings = settings.map(|(name, value)| (name, value.as_str()));
    own.chain(settings).fold(environment, |environment, (name, value)| match environment.raw(name) {
        Some(_) => environment,
        None => environment.with_named(name, value),
    })
}

/// The environment as far as it goes, then the manifest that is named, the unit's own, or the one installed for `root`.
/// Only one that was named must be readable: a kill switch is not to wait for a manifest.
///
/// # Errors
/// When the manifest that was named cannot be read or has errors.
pub fn environment(environment: Env, named: Option<&Path>, root: Option<&Path>) -> anyhow::Result<Env> {
    if let Some(path) = named {
        return Ok(complete(environment, &read(path).context(ExitCode::BadConfig)?));
    }
    if environment.raw(env::EXECUTION_MODE.name).is_some() {
        return Ok(environment);
    }
    let of_unit = environment.path(&env::PORTCULLIS_MANIFEST).ok().flatten().filter(|path| path.exists());
    let found = match of_unit {
        Some(path) => read(&path).inspect_err(|error| eprintln!("warning: {error:#}")).ok(),
        None => root.and_then(|root| installed_for(Path::new(DIRECTORY), root)),
    };
    Ok(found.map_or(environment.clone(), |deployment| complete(environment, &deployment)))
}

/// The one manifest of this directory whose deployment keeps its state in `root`.
fn installed_for(directory: &Path, root: &Path) -> Option<Deployment> {
    let listed = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let manifests = listed.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let mut found: Vec<(PathBuf, Deployment)> =
        manifests.filter_map(|path| Some((path.clone(), read(&path).ok()?))).collect();
    found.retain(|(_, deployment)| root_of(deployment).is_some_and(|its| Path::new(&its) == root));
    match found.len() {
        0 | 1 => found.pop().map(|(_, deployment)| deployment),
        _ => {
            let paths: Vec<String> = found.iter().map(|(path, _)| path.display().to_string()).collect();
            eprintln!(
                "warning: more than one manifest is for {}: {}; name one (--manifest)",
                root.display(),
                paths.join(" ")
            );
            None
        }
    }
}

/// Where a deployment of the system keeps its state. That of a login is in its home, which its units' environment says.
fn root_of(deployment: &Deployment) -> Option<String> {
    match deployment.scope() {
        Scope::System => Some(format!("/var/lib/{}", deployment.paths().state_directory())),
        Scope::User => None,
    }
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::DryRun => "DRY_RUN",
        Mode::Paper => "PAPER",
        Mode::Live => "LIVE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = include_str!("../../../manifests/avwap.toml");

    fn deployment() -> Deployment {
        manifest::read(MANIFEST.as_bytes()).unwrap().deployment
    }

    #[test]
    fn what_the_environment_says_stays_and_the_rest_is_the_manifests() {
        let said = Env::from_pairs([("EXECUTION_MODE", "DRY_RUN")]);
        let completed = complete(said, &deployment());
        for (name, value) in [
            ("EXECUTION_MODE", "DRY_RUN"),
            ("STATE_DIRECTORY", "/var/lib/avwap"),
            ("PORTCULLIS_ACCOUNT", "PA30000000"),
            ("EXECUTION_POLL_SECONDS", "60"),
        ] {
            assert_eq!(completed.raw(name), Some(value), "{name}");
        }
        assert_eq!(complete(Env::from_pairs([("A", "b")]), &deployment()).raw("EXECUTION_MODE"), Some("PAPER"));
    }

    #[test]
    fn the_manifest_of_a_directory_is_found_when_there_is_one() {
        let etc = tempfile::tempdir().unwrap();
        let lay = |name: &str, text: &str| fs::write(etc.path().join(name), text).unwrap();
        let found = |root: &str| installed_for(etc.path(), Path::new(root)).is_some();
        assert!(!found("/var/lib/avwap"));
        lay("broken.toml", "schema = ");
        lay("avwap.toml", MANIFEST);
        lay("other.toml", &MANIFEST.replace("\"avwap\"", "\"other\"").replace("/var/lib/avwap", "/var/lib/other"));
        assert!(found("/var/lib/avwap") && found("/var/lib/other") && !found("/var/lib/third"));
        lay("twin.toml", MANIFEST);
        assert!(!found("/var/lib/avwap"), "two are for it: nobody knows which");
    }

    #[test]
    fn only_a_manifest_that_was_named_must_be_readable() {
        let none = || Env::from_pairs([("A", "b")]);
        let nowhere = Path::new("/nowhere/avwap.toml");
        assert!(environment(none(), Some(nowhere), None).is_err());
        let broken = tempfile::NamedTempFile::new().unwrap();
        let of_unit = none().with_named("PORTCULLIS_MANIFEST", broken.path());
        assert_eq!(environment(of_unit, None, None).unwrap().raw("EXECUTION_MODE"), None);
    }
}
