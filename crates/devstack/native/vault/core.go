package main

import (
	"fmt"
	"maps"
	"os"
	"slices"

	log "github.com/hashicorp/go-hclog"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/logical/pki"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/file"
	"github.com/hashicorp/vault/vault"
)

var (
	secretsEngines = map[string]logical.Factory{"kv": kv.Factory, "pki": pki.Factory}
	authMethods    = map[string]logical.Factory{"approle": approle.Factory}
)

// newCore opens the storage, making it where it is missing, and returns a core that is sealed or not yet initialised.
func newCore(storage string, level log.Level, logger log.Logger) (*vault.Core, error) {
	if err := os.MkdirAll(storage, 0o700); err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	backend, err := file.NewFileBackend(map[string]string{"path": storage}, logger.Named("storage"))
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:    backend,
		StorageType: "file",
		Logger:      logger,
		LogLevel:    level.String(),
		// Locking memory needs a privilege that a development server should not have.
		DisableMlock: true,
		// Mounting asks these maps; the plugin catalogue asks the registry. Both must know a plugin.
		LogicalBackends:    secretsEngines,
		CredentialBackends: authMethods,
		BuiltinRegistry:    registry{},
	})
	if err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	return core, nil
}

// registry tells Vault's plugin catalogue which plugins are linked in.
type registry struct{}

func (registry) factories(kind consts.PluginType) map[string]logical.Factory {
	switch kind {
	case consts.PluginTypeSecrets:
		return secretsEngines
	case consts.PluginTypeCredential:
		return authMethods
	default:
		return nil
	}
}

func (r registry) Contains(name string, kind consts.PluginType) bool {
	_, found := r.factories(kind)[name]
	return found
}

func (r registry) Get(name string, kind consts.PluginType) (func() (any, error), bool) {
	factory, found := r.factories(kind)[name]
	if !found {
		return nil, false
	}
	return func() (any, error) { return factory, nil }, true
}

func (r registry) Keys(kind consts.PluginType) []string {
	return slices.Sorted(maps.Keys(r.factories(kind)))
}

func (r registry) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, r.Contains(name, kind)
}

func (registry) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }
