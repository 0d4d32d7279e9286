// Command vault runs HashiCorp Vault as one development server: the real core, HTTP API, barrier and
// shamir seal, with the plugins that a development stack uses (KV, PKI, AppRole) and file storage.
// It has no client commands and no configuration file; README.md says why it exists.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	log "github.com/hashicorp/go-hclog"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/vault"
	"github.com/hashicorp/vault/version"
)

// How long requests in flight may take to finish once the process was told to stop.
const drainTimeout = 5 * time.Second

// The limits of Vault's own server command, for slow or idle clients.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	idleTimeout       = 5 * time.Minute
)

type options struct {
	listen      string
	storage     string
	tlsCert     string
	tlsKey      string
	level       log.Level
	showVersion bool
}

func main() {
	opts, err := parseFlags(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "vault:", err)
		os.Exit(2)
	}
	if opts.showVersion {
		fmt.Printf("Vault v%s (devstack build)\n", version.GetVersion().VersionNumber())
		return
	}
	logger := log.New(&log.LoggerOptions{Name: "vault", Level: opts.level})
	if err := run(opts, logger); err != nil {
		logger.Error("stopped", "error", err)
		os.Exit(1)
	}
}

// parseFlags ends the process by itself where -help was asked for (0) or a flag is unknown (2).
func parseFlags(arguments []string) (options, error) {
	var opts options
	flags := flag.NewFlagSet("vault", flag.ExitOnError)
	flags.StringVar(&opts.listen, "listen", "127.0.0.1:8200", "`address` to listen on")
	flags.StringVar(&opts.storage, "storage", "", "`folder` of the encrypted storage; made when missing")
	flags.StringVar(&opts.tlsCert, "tls-cert", "", "PEM `file` with the certificate chain; read again on SIGHUP")
	flags.StringVar(&opts.tlsKey, "tls-key", "", "PEM `file` with the certificate's private key")
	flags.BoolVar(&opts.showVersion, "version", false, "print the version and exit")
	level := flags.String("log-level", "info", "trace, debug, info, warn or error")
	if err := flags.Parse(arguments); err != nil || opts.showVersion {
		return opts, err
	}
	if flags.NArg() > 0 {
		return opts, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if opts.storage == "" {
		return opts, errors.New("-storage is needed")
	}
	if (opts.tlsCert == "") != (opts.tlsKey == "") {
		return opts, errors.New("-tls-cert and -tls-key are given together or not at all")
	}
	if opts.level = log.LevelFromString(*level); opts.level == log.NoLevel {
		return opts, fmt.Errorf("-log-level %q is none of trace, debug, info, warn, error", *level)
	}
	return opts, nil
}

// run serves until SIGINT or SIGTERM, then finishes what is in flight and seals.
func run(opts options, logger log.Logger) error {
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()

	// The port comes first: with it taken, storage that another process may be using stays untouched.
	listener, err := net.Listen("tcp", opts.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()

	core, err := newCore(opts.storage, opts.level, logger)
	if err != nil {
		return err
	}

	server := &http.Server{
		Handler: vaulthttp.Handler.Handler(&vault.HandlerProperties{
			Core: core,
			// The handler reads it without looking for nil.
			ListenerConfig: &configutil.Listener{
				Type:       configutil.TCP,
				Address:    listener.Addr().String(),
				TLSDisable: opts.tlsCert == "",
			},
		}),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          logger.StandardLogger(nil),
	}
	serve := func() error { return server.Serve(listener) }
	if opts.tlsCert != "" {
		certificate, err := loadCertificate(opts.tlsCert, opts.tlsKey)
		if err != nil {
			return errors.Join(err, core.Shutdown())
		}
		defer certificate.reloadOn(syscall.SIGHUP, logger)()
		server.TLSConfig = certificate.serverConfig()
		serve = func() error { return server.ServeTLS(listener, "", "") }
	} else {
		// What a terminal's end sends must not stop a server that nobody sees on that terminal.
		signal.Ignore(syscall.SIGHUP)
	}

	served := make(chan error, 1)
	go func() { served <- serve() }()
	logger.Info("listening", "address", listener.Addr().String(), "tls", opts.tlsCert != "", "storage", opts.storage)

	select {
	case err := <-served:
		return errors.Join(fmt.Errorf("serve: %w", err), core.Shutdown())
	case <-stop.Done():
	}
	// From here on a second signal ends the process at once.
	cancel()
	logger.Info("stopping: finishing requests, then sealing")
	drained, cancelDrain := context.WithTimeout(context.Background(), drainTimeout)
	defer cancelDrain()
	if err := server.Shutdown(drained); err != nil {
		logger.Warn("requests were cut off", "after", drainTimeout, "error", err)
		_ = server.Close()
	}
	if err := core.Shutdown(); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	logger.Info("sealed and stopped")
	return nil
}
