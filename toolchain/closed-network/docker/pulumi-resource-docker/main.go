// Command pulumi-resource-docker serves the upstream docker provider to the Pulumi engine through Pulumi's own
// bridge, under the tokens of @pulumi/docker. What upstream 2.23.0 has not (Image, BuildxBuilder, the property
// `platform`), this plugin has not.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	upstream "github.com/terraform-providers/terraform-provider-docker/shim"
)

// version is the release of @pulumi/docker whose program-facing tokens are served.
const version = "5.2.0"

func token(member string) string {
	module := string(member[0]|0x20) + member[1:]
	return "docker:index/" + module + ":" + member
}

// withoutDebugLog keeps the debug lines of upstream's reads from the engine, unless TF_LOG asks for lines at all. The
// bridge sends each line by a call of its own, and one read of an image writes four for every image of the engine:
// thousands of calls, and a third of a preview's time.
func withoutDebugLog(provider *schema.Provider) *schema.Provider {
	if _, asked := os.LookupEnv("TF_LOG"); asked {
		return provider
	}
	for _, resource := range provider.ResourcesMap {
		read := resource.ReadContext
		resource.ReadContext = func(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
			// The bridge sets its own output anew for every call.
			if _, filtered := log.Writer().(debugFilter); !filtered {
				log.SetOutput(debugFilter{log.Writer()})
			}
			return read(ctx, d, meta)
		}
	}
	return provider
}

// debugFilter drops the records of the log that are marked as debug or trace.
type debugFilter struct{ io.Writer }

func (f debugFilter) Write(record []byte) (int, error) {
	if bytes.Contains(record, []byte("[DEBUG]")) || bytes.Contains(record, []byte("[TRACE]")) {
		return len(record), nil
	}
	return f.Writer.Write(record)
}

func main() {
	resources := map[string]*tfbridge.ResourceInfo{}
	for name, member := range map[string]string{
		"docker_container":      "Container",
		"docker_image":          "RemoteImage",
		"docker_registry_image": "RegistryImage",
		"docker_network":        "Network",
		"docker_volume":         "Volume",
		"docker_config":         "ServiceConfig",
		"docker_secret":         "Secret",
		"docker_service":        "Service",
		"docker_plugin":         "Plugin",
		"docker_tag":            "Tag",
	} {
		resources[name] = &tfbridge.ResourceInfo{Tok: tokens.Type(token(member))}
	}
	// As @pulumi/docker calls them; the bridge would make plurals of them.
	resources["docker_container"].Fields = map[string]*tfbridge.SchemaInfo{
		"command":           {Name: "command"},
		"networks_advanced": {Name: "networksAdvanced"},
	}
	functions := map[string]*tfbridge.DataSourceInfo{}
	for name, member := range map[string]string{
		"docker_registry_image": "getRegistryImage",
		"docker_network":        "getNetwork",
		"docker_plugin":         "getPlugin",
		"docker_image":          "getRemoteImage",
		"docker_logs":           "getLogs",
	} {
		functions[name] = &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(token(member))}
	}
	schema, err := json.Marshal(map[string]string{"name": "docker", "version": version})
	if err != nil {
		panic(err)
	}
	tfbridge.Main("docker", version, tfbridge.ProviderInfo{
		P:           shimv2.NewProvider(withoutDebugLog(upstream.NewProvider("2.23.0"))),
		Name:        "docker",
		Version:     version,
		Resources:   resources,
		DataSources: functions,
	}, schema)
}
