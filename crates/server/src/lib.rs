//! What every server needs and no framework gives: settings, logs, metrics, limits, TLS, shutdown.
