package main

import (
	"context"
	"fmt"
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Check validates the inputs of a local.Command.
func (p *commandPlugin) Check(_ context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	if kind := string(resource.URN(req.GetUrn()).Type()); kind != commandType {
		return nil, fmt.Errorf("this plugin serves %s and no %s; the official command plugin does "+
			"(docs/toolchain.md says how to use it)", commandType, kind)
	}
	inputs, err := read(req.GetNews())
	if err != nil {
		return nil, err
	}
	delete(inputs, "version")
	for key, value := range inputs {
		if value.IsNull() {
			delete(inputs, key)
		}
	}
	checked, err := write(inputs)
	return &pulumirpc.CheckResponse{Inputs: checked, Failures: check(inputs, runShapes, commandShapes)}, err
}

// Create runs `create`; a preview runs nothing.
func (p *commandPlugin) Create(ctx context.Context, req *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	inputs, err := read(req.GetProperties())
	if err != nil {
		return nil, err
	}
	id, err := resource.NewUniqueHex(string(resource.URN(req.GetUrn()).Name()), 8, 0)
	if err != nil {
		return nil, err
	}
	empty := resource.NewProperty("")
	outputs := resource.PropertyMap{"stdout": empty, "stderr": empty}
	if command, given := text(inputs, "create"); req.GetPreview() {
		outputs = unknown(inputs)
	} else if given {
		outputs, err = p.execute(ctx, req.GetUrn(), req.GetTimeout(), command, inputs, nil)
		if err != nil {
			return nil, err
		}
	}
	properties, err := write(state(inputs, outputs))
	return &pulumirpc.CreateResponse{Id: id, Properties: properties}, err
}

// Update runs `update`, or `create` again where there is none, with the previous outputs in its environment.
func (p *commandPlugin) Update(ctx context.Context, req *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	inputs, err := read(req.GetNews())
	if err != nil {
		return nil, err
	}
	old, err := read(req.GetOlds())
	if err != nil {
		return nil, err
	}
	outputs := resource.PropertyMap{}
	for _, key := range outputKeys {
		if value, ok := old[key]; ok {
			outputs[key] = value
		}
	}
	command, given := text(inputs, "update")
	if !inputs.HasValue("update") {
		command, given = text(inputs, "create")
	}
	if req.GetPreview() {
		outputs = unknown(inputs)
	} else if given {
		outputs, err = p.execute(ctx, req.GetUrn(), req.GetTimeout(), command, inputs, old)
		if err != nil {
			return nil, err
		}
	}
	properties, err := write(state(inputs, outputs))
	return &pulumirpc.UpdateResponse{Properties: properties}, err
}

// Delete runs `delete`, if there is one, with the last outputs in its environment.
func (p *commandPlugin) Delete(ctx context.Context, req *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	old, err := read(req.GetProperties())
	if err != nil {
		return nil, err
	}
	if command, given := text(old, "delete"); given {
		if _, err := p.execute(ctx, req.GetUrn(), req.GetTimeout(), command, old, old); err != nil {
			return nil, err
		}
	}
	return &emptypb.Empty{}, nil
}

// Read returns what it was given: a command leaves nothing that could be read back.
func (p *commandPlugin) Read(_ context.Context, req *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	return &pulumirpc.ReadResponse{Id: req.GetId(), Properties: req.GetProperties(), Inputs: req.GetInputs()}, nil
}

// Invoke serves local.run, which runs its command in every preview and update.
func (p *commandPlugin) Invoke(ctx context.Context, req *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	if req.GetTok() != runFunction {
		return nil, fmt.Errorf("this plugin serves %s and no %s", runFunction, req.GetTok())
	}
	inputs, err := read(req.GetArgs())
	if err != nil {
		return nil, err
	}
	failures := check(inputs, runShapes, map[resource.PropertyKey]shape{"command": aString})
	command, given := text(inputs, "command")
	if !given {
		failures = append(failures, &pulumirpc.CheckFailure{Property: "command", Reason: "command is required"})
	}
	if len(failures) > 0 {
		return &pulumirpc.InvokeResponse{Failures: failures}, nil
	}
	outputs, err := p.execute(ctx, "", 0, command, inputs, nil)
	if err != nil {
		return nil, err
	}
	result := maps.Clone(inputs)
	maps.Copy(result, outputs)
	returned, err := write(result)
	return &pulumirpc.InvokeResponse{Return: returned}, err
}
