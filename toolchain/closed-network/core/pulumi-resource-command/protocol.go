package main

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// GetPluginInfo tells the version.
func (p *commandPlugin) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version}, nil
}

// GetSchema names the package, without its types: programs bring theirs along in @pulumi/command.
func (p *commandPlugin) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	schema, err := json.Marshal(map[string]string{"name": "command", "version": version})
	return &pulumirpc.GetSchemaResponse{Schema: string(schema)}, err
}

// CheckConfig accepts everything: the provider has no configuration.
func (p *commandPlugin) CheckConfig(_ context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: req.GetNews()}, nil
}

// DiffConfig sees no change, for the same reason.
func (p *commandPlugin) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

// Configure tells the engine what the plugin understands.
func (p *commandPlugin) Configure(
	context.Context, *pulumirpc.ConfigureRequest,
) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, SupportsPreview: true, AcceptResources: true}, nil
}

// Cancel stops every running command; their calls then end with an error.
func (p *commandPlugin) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	p.stopAll()
	return &emptypb.Empty{}, nil
}

// Attach connects to an engine that did not start this process.
func (p *commandPlugin) Attach(_ context.Context, req *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, p.connect(req.GetAddress())
}

// Diff compares the inputs. A changed trigger replaces the resource, any other change updates it.
func (p *commandPlugin) Diff(_ context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	news, err := read(req.GetNews())
	if err != nil {
		return nil, err
	}
	oldInputs := req.GetOldInputs()
	if oldInputs == nil {
		oldInputs = req.GetOlds()
	}
	olds, err := read(oldInputs)
	if err != nil {
		return nil, err
	}
	for _, key := range append(slices.Clone(outputKeys), "version") {
		delete(olds, key)
		delete(news, key)
	}
	for _, key := range req.GetIgnoreChanges() {
		if value, ok := olds[resource.PropertyKey(key)]; ok {
			news[resource.PropertyKey(key)] = value
		}
	}
	difference := olds.Diff(news)
	if !difference.AnyChanges() {
		return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
	}
	response := &pulumirpc.DiffResponse{
		Changes: pulumirpc.DiffResponse_DIFF_SOME, HasDetailedDiff: true,
		DetailedDiff: map[string]*pulumirpc.PropertyDiff{},
	}
	for _, key := range difference.ChangedKeys() {
		response.Diffs = append(response.Diffs, string(key))
		if key == "triggers" {
			response.Replaces = append(response.Replaces, string(key))
		}
	}
	for path, change := range plugin.NewDetailedDiffFromObjectDiff(difference, true) {
		kind := change.Kind
		if root, _ := resource.ParsePropertyPath(path); len(root) > 0 && root[0] == "triggers" {
			kind = kind.AsReplace()
		}
		response.DetailedDiff[path] = &pulumirpc.PropertyDiff{
			Kind: pulumirpc.PropertyDiff_Kind(kind), InputDiff: change.InputDiff,
		}
	}
	return response, nil
}
