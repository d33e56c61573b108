package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// shape is what a property must look like.
type shape string

const (
	aString    shape = "a string"
	aBool      shape = "a boolean"
	stringList shape = "a list of strings"
	stringMap  shape = "a map of strings"
	aList      shape = "a list"
	aLogging   shape = `one of "stdout", "stderr", "stdoutAndStderr", "none"`
)

var loggings = []string{"stdout", "stderr", "stdoutAndStderr", "none"}

// runShapes are the inputs that local.Command and local.run share.
var runShapes = map[resource.PropertyKey]shape{
	"stdin": aString, "dir": aString, "logging": aLogging, "interpreter": stringList, "environment": stringMap,
	"assetPaths": stringList, "archivePaths": stringList, "addPreviousOutputInEnv": aBool,
}

// commandShapes are those that only local.Command has.
var commandShapes = map[resource.PropertyKey]shape{
	"create": aString, "update": aString, "delete": aString, "triggers": aList,
}

// outputKeys are set by a run; every other property of a resource's state is an input.
var outputKeys = []resource.PropertyKey{"stdout", "stderr", "assets", "archive"}

func read(s *structpb.Struct) (resource.PropertyMap, error) {
	return plugin.UnmarshalProperties(s, plugin.MarshalOptions{
		KeepUnknowns: true, KeepSecrets: true, KeepResources: true,
	})
}

func write(m resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(m, plugin.MarshalOptions{
		KeepUnknowns: true, KeepSecrets: true, KeepResources: true,
	})
}

// plain takes the secret and output wrappers off a value, at its top.
func plain(v resource.PropertyValue) resource.PropertyValue {
	for {
		switch {
		case v.IsSecret():
			v = v.SecretValue().Element
		case v.IsOutput() && v.OutputValue().Known:
			v = v.OutputValue().Element
		default:
			return v
		}
	}
}

// check names every input that has not its shape. Unknown values and nulls have every shape.
func check(inputs resource.PropertyMap, tables ...map[resource.PropertyKey]shape) []*pulumirpc.CheckFailure {
	var failures []*pulumirpc.CheckFailure
	for _, key := range inputs.StableKeys() {
		for _, table := range tables {
			want, known := table[key]
			if known && !fits(plain(inputs[key]), want) {
				failures = append(failures, &pulumirpc.CheckFailure{
					Property: string(key),
					Reason:   fmt.Sprintf("%s must be %s, and is %s", key, want, kind(plain(inputs[key]))),
				})
			}
		}
	}
	return failures
}

func fits(v resource.PropertyValue, want shape) bool {
	if v.IsNull() || v.IsComputed() || v.IsOutput() {
		return true
	}
	switch want {
	case aString:
		return v.IsString()
	case aBool:
		return v.IsBool()
	case aLogging:
		return v.IsString() && slices.Contains(loggings, v.StringValue())
	case aList:
		return v.IsArray()
	case stringList:
		return v.IsArray() && !slices.ContainsFunc(v.ArrayValue(), func(e resource.PropertyValue) bool {
			return !fits(plain(e), aString)
		})
	case stringMap:
		if !v.IsObject() {
			return false
		}
		for _, e := range v.ObjectValue() {
			if !fits(plain(e), aString) {
				return false
			}
		}
		return true
	}
	return false
}

// kind describes a value without showing it: it may be secret.
func kind(v resource.PropertyValue) string {
	return strings.TrimSuffix(v.TypeString(), "{}")
}

func text(m resource.PropertyMap, key resource.PropertyKey) (string, bool) {
	if v := plain(m[key]); v.IsString() {
		return v.StringValue(), true
	}
	return "", false
}

func list(m resource.PropertyMap, key resource.PropertyKey) []string {
	var out []string
	if v := plain(m[key]); v.IsArray() {
		for _, e := range v.ArrayValue() {
			if e = plain(e); e.IsString() {
				out = append(out, e.StringValue())
			}
		}
	}
	return out
}
