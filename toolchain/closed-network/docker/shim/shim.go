// Package shim hands out the upstream docker provider. The provider is an internal package, and Go lets only
// paths below the provider's own import it; that is why this module has such a path.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// NewProvider returns the upstream provider, reporting the given version.
func NewProvider(version string) *schema.Provider {
	return provider.New(version)()
}
