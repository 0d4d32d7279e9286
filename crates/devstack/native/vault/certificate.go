package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"

	log "github.com/hashicorp/go-hclog"
)

// certificate is a chain with its key that can be read again while connections are served.
type certificate struct {
	certFile string
	keyFile  string
	current  atomic.Pointer[tls.Certificate]
}

func loadCertificate(certFile, keyFile string) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile}
	return c, c.reload()
}

func (c *certificate) reload() error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	c.current.Store(&pair)
	return nil
}

// reloadOn reads the files again at each of these signals, until the function that it returns is called.
// Files that do not load leave the certificate as it was.
func (c *certificate) reloadOn(sig os.Signal, logger log.Logger) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, sig)
	go func() {
		for range signals {
			if err := c.reload(); err != nil {
				logger.Error("the old certificate stays in use", "error", err)
				continue
			}
			logger.Info("certificate read again", "file", c.certFile)
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
	}
}

func (c *certificate) serverConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current.Load(), nil
		},
	}
}
