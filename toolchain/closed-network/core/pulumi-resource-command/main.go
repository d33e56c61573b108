// Command pulumi-resource-command is a Pulumi resource plugin that keeps the documented contract of
// @pulumi/command 1.2.1 for local.Command and local.run. It has no remote.* resources.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// version is the release of @pulumi/command whose contract is kept.
const version = "1.2.1"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "-version" {
		fmt.Println(version)
		return
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-command:", err)
		os.Exit(1)
	}
}

// serve speaks the plugin protocol: it prints its port, and ends when the engine is gone or a signal comes.
// Commands still running then are stopped with it.
func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	plugin := newPlugin()
	if engine := engineAddress(os.Args[1:]); engine != "" {
		if err := plugin.connect(engine); err != nil {
			return err
		}
		// An engine that was killed sends no Cancel; only its silence tells.
		if err := rpcutil.Healthcheck(ctx, engine, 5*time.Second, stop); err != nil {
			return err
		}
	}

	done := make(chan bool)
	server, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: done,
		Init: func(s *grpc.Server) error {
			pulumirpc.RegisterResourceProviderServer(s, plugin)
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(server.Port)

	select {
	case <-ctx.Done():
		plugin.stopAll()
		close(done)
		<-server.Done
		return nil
	case err := <-server.Done:
		return err
	}
}

// engineAddress is the last argument that is no flag.
func engineAddress(args []string) string {
	address := ""
	for _, arg := range args {
		if arg != "" && arg[0] != '-' {
			address = arg
		}
	}
	return address
}
