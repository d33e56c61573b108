package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// grace is how long a cancelled command has between SIGTERM and SIGKILL.
const grace = 3 * time.Second

// run executes one command as the inputs say, and returns the outputs it leaves. previous holds the outputs of
// the run before.
func run(
	ctx context.Context, command string, inputs, previous resource.PropertyMap, log func(line string),
) (resource.PropertyMap, error) {
	argv := append(list(inputs, "interpreter"), command)
	if len(argv) == 1 {
		argv = []string{"/bin/sh", "-c", command}
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = environment(inputs, previous)
	dir, given := text(inputs, "dir")
	if !given {
		var err error
		if dir, err = os.Getwd(); err != nil {
			return nil, err
		}
	}
	cmd.Dir = dir
	if stdin, ok := text(inputs, "stdin"); ok && stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}

	logging, given := text(inputs, "logging")
	if !given {
		logging = "stdoutAndStderr"
	}
	var stdout, stderr bytes.Buffer
	both := &shared{to: &bytes.Buffer{}}
	lines := &shared{to: &lineWriter{line: log}}
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&stdout, both), io.MultiWriter(&stderr, both)
	if logging == "stdout" || logging == "stdoutAndStderr" {
		cmd.Stdout = io.MultiWriter(&stdout, both, lines)
	}
	if logging == "stderr" || logging == "stdoutAndStderr" {
		cmd.Stderr = io.MultiWriter(&stderr, both, lines)
	}
	inGroup(cmd)

	err := cmd.Run()
	lines.to.(*lineWriter).flush()
	if err != nil {
		// A command stopped for its time limit would else be told as "signal: terminated" alone.
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("stopped at the resource's time limit (customTimeouts): %w", err)
		}
		return nil, fmt.Errorf("%w: running %q:\n%s", err, command, valid(both.to.(*bytes.Buffer).String()))
	}

	outputs := resource.PropertyMap{
		"stdout": resource.NewProperty(strings.TrimSuffix(valid(stdout.String()), "\n")),
		"stderr": resource.NewProperty(strings.TrimSuffix(valid(stderr.String()), "\n")),
	}
	return outputs, collect(dir, inputs, outputs)
}

// inGroup gives the command a process group of its own, and has a cancelled context end the whole group: what a
// shell has started must not outlive it.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		group := -cmd.Process.Pid
		time.AfterFunc(grace, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
		return syscall.Kill(group, syscall.SIGTERM)
	}
	// A grandchild that left the group may hold the pipes open; its output is not waited for.
	cmd.WaitDelay = grace + time.Second
}

func environment(inputs, previous resource.PropertyMap) []string {
	env := os.Environ()
	if v := plain(inputs["environment"]); v.IsObject() {
		for key, e := range v.ObjectValue() {
			if e = plain(e); e.IsString() {
				env = append(env, string(key)+"="+e.StringValue())
			}
		}
	}
	if v := plain(inputs["addPreviousOutputInEnv"]); v.IsBool() && !v.BoolValue() {
		return env
	}
	for key, name := range map[resource.PropertyKey]string{
		"stdout": "PULUMI_COMMAND_STDOUT", "stderr": "PULUMI_COMMAND_STDERR",
	} {
		if value, ok := text(previous, key); ok && value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// valid replaces what is no UTF-8: the plugin protocol carries nothing else.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// shared lets the two streams of a command write to one place.
type shared struct {
	mu sync.Mutex
	to io.Writer
}

func (s *shared) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to.Write(b)
}

// lineWriter passes on whole lines, cut where they are too long to be read in a log.
type lineWriter struct {
	rest []byte
	line func(string)
}

func (w *lineWriter) Write(b []byte) (int, error) {
	w.rest = append(w.rest, b...)
	for {
		end := bytes.IndexByte(w.rest, '\n')
		if end < 0 && len(w.rest) < 8192 {
			return len(b), nil
		}
		if end < 0 {
			end = len(w.rest) - 1
		}
		w.line(valid(strings.TrimRight(string(w.rest[:end+1]), "\r\n")))
		w.rest = append([]byte(nil), w.rest[end+1:]...)
	}
}

func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		w.line(valid(string(w.rest)))
	}
}
