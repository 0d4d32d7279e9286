//! `up`: what is not running is started, all at once where nothing forbids it, and everything is waited for.

use crate::error::Error;
use crate::home::{Home, LAYOUT, Settings};
use crate::install::Toolbox;
use crate::launch::Site;
use crate::lock::Lock;
use crate::manifest::{MAX_PORT_OFFSET, Service};
use crate::options::{RuntimeChoice, UpOptions};
use crate::progress::{Event, Progress};
use crate::running::{self, Running};
use crate::stack::Stack;
use crate::{install, logs, native};

/// Bring the stack up and wait until every service is healthy. What runs already is left alone.
///
/// One caller at a time changes a home; a second one waits and says on whom.
///
/// # Errors
/// [`Error`], with a hint on what to do next. What was started stays, and nothing is ever erased.
pub async fn up(options: &UpOptions, progress: &dyn Progress) -> Result<Stack, Error> {
    if options.runtime == RuntimeChoice::Compose {
        return Err(Error::NoCompose);
    }
    if options.port_offset > MAX_PORT_OFFSET {
        return Err(Error::OffsetTooLarge { offset: options.port_offset });
    }
    let home = Home::at(&options.home);
    // Looked at before anything is made, so that a folder of somebody else stays as it is.
    home.settings()?;
    home.create_root()?;
    let _lock = Lock::take(&home, progress).await?;
    let settings = home.settings()?;
    let wanted = Service::with_needs(&options.services);
    bring_up(&home, settings, &wanted, options, progress).await
}

/// Bring up exactly `wanted`, with the lock held.
pub(crate) async fn bring_up(
    home: &Home,
    settings: Option<Settings>,
    wanted: &[Service],
    options: &UpOptions,
    progress: &dyn Progress,
) -> Result<Stack, Error> {
    let port_offset = options.port_offset;
    if let Some(settings) = &settings
        && settings.port_offset != port_offset
        && Service::ALL.into_iter().any(|service| crate::pid_file::living(home, service.name()).is_some())
    {
        return Err(Error::OffsetInUse { running: settings.port_offset, wanted: port_offset });
    }
    let running = Running::look(home, wanted, port_offset)?;
    let missing: Vec<Service> = wanted.iter().copied().filter(|service| !running.has(*service)).collect();
    running::refuse_taken_ports(&running, &missing, port_offset)?;
    let tools = if missing.is_empty() {
        Toolbox::default()
    } else {
        install::ensure(&missing, options.install, progress).await?
    };
    // First of all: it tells the next `up` that what is here is a stack, however far this one gets.
    let settings = remember(home, settings.as_ref(), wanted, port_offset)?;
    if let Some(elsewhere) = home.create()? {
        progress.event(&Event::note(format!(
            "the servers' users cannot reach {}, so the data goes to {}",
            home.root().display(),
            elsewhere.display()
        )));
    }
    for service in wanted {
        logs::rotate(&home.log_file(service.name()), running.has(*service))?;
    }
    let site = Site { home, data: home.data(), port_offset, tools: &tools };
    native::start(&site, wanted, &running, progress).await?;
    Ok(Stack::new(home.clone(), settings))
}

fn remember(
    home: &Home,
    settings: Option<&Settings>,
    wanted: &[Service],
    port_offset: u16,
) -> Result<Settings, Error> {
    let mut services = settings.map(|settings| settings.services.clone()).unwrap_or_default();
    services.extend(wanted);
    services.sort_unstable();
    services.dedup();
    let new = Settings { layout: LAYOUT, port_offset, services };
    if settings != Some(&new) {
        home.remember(&new)?;
    }
    Ok(new)
}
