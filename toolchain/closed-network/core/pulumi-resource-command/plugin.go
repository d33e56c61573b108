package main

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	commandType = "command:local:Command"
	runFunction = "command:local:run"
)

// commandPlugin answers the engine. Its commands run until they end or until stopAll.
type commandPlugin struct {
	pulumirpc.UnimplementedResourceProviderServer

	engine  pulumirpc.EngineClient
	stopped context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
}

func newPlugin() *commandPlugin {
	stopped, stop := context.WithCancel(context.Background())
	return &commandPlugin{stopped: stopped, stop: stop}
}

func (p *commandPlugin) connect(engine string) error {
	conn, err := grpc.NewClient(engine,
		grpc.WithTransportCredentials(insecure.NewCredentials()), rpcutil.GrpcChannelOptions())
	if err != nil {
		return fmt.Errorf("cannot speak to the engine at %s: %w", engine, err)
	}
	p.engine = pulumirpc.NewEngineClient(conn)
	return nil
}

// stopAll ends every running command with its process group, and waits for them.
func (p *commandPlugin) stopAll() {
	p.stop()
	ended := make(chan struct{})
	go func() { p.running.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(grace + 2*time.Second):
	}
}

// execute runs a command for a resource (or for a function, with an empty urn), with a time limit of
// timeoutSeconds where that is not 0.
func (p *commandPlugin) execute(
	ctx context.Context, urn string, timeoutSeconds float64, command string, inputs, previous resource.PropertyMap,
) (resource.PropertyMap, error) {
	p.running.Add(1)
	defer p.running.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.stopped, cancel)()
	if timeoutSeconds > 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(timeoutSeconds*float64(time.Second)))
		defer cancel()
	}

	// The lines go out beside the command: a slow terminal must not slow the command down.
	lines, sent := make(chan string, 1024), make(chan struct{})
	go func() {
		defer close(sent)
		for line := range lines {
			if p.engine != nil {
				_, _ = p.engine.Log(p.stopped, &pulumirpc.LogRequest{
					Severity: pulumirpc.LogSeverity_INFO, Message: line, Urn: urn, Ephemeral: true,
				})
			}
		}
	}()
	defer func() { close(lines); <-sent }()
	return run(ctx, command, inputs, previous, func(line string) { lines <- line })
}

// state joins inputs and outputs to what the engine stores.
func state(inputs, outputs resource.PropertyMap) resource.PropertyMap {
	joined := maps.Clone(inputs)
	maps.Copy(joined, outputs)
	return joined
}

// unknown stands for the outputs of a command that a preview does not run.
func unknown(inputs resource.PropertyMap) resource.PropertyMap {
	value := resource.MakeComputed(resource.NewProperty(""))
	outputs := resource.PropertyMap{"stdout": value, "stderr": value}
	if inputs.HasValue("assetPaths") {
		outputs["assets"] = value
	}
	if inputs.HasValue("archivePaths") {
		outputs["archive"] = value
	}
	return outputs
}
