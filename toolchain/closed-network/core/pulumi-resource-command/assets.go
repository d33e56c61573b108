package main

import (
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/gobwas/glob"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// collect adds the files that the globs of assetPaths and archivePaths name to the outputs.
func collect(dir string, inputs, outputs resource.PropertyMap) error {
	if globs := list(inputs, "assetPaths"); globs != nil {
		found, err := find(dir, globs)
		if err != nil {
			return err
		}
		assets := resource.PropertyMap{}
		for name, asset := range found {
			assets[resource.PropertyKey(name)] = resource.NewProperty(asset)
		}
		outputs["assets"] = resource.NewProperty(assets)
	}
	if globs := list(inputs, "archivePaths"); globs != nil {
		found, err := find(dir, globs)
		if err != nil {
			return err
		}
		members := map[string]any{}
		for name, asset := range found {
			members[name] = asset
		}
		archive, err := resource.NewAssetArchive(members)
		if err != nil {
			return err
		}
		outputs["archive"] = resource.NewProperty(archive)
	}
	return nil
}

// find reads the files below dir that the last matching rule includes. A rule that begins with "!" excludes.
func find(dir string, globs []string) (map[string]*resource.Asset, error) {
	type rule struct {
		glob.Glob
		exclude bool
	}
	rules := make([]rule, 0, len(globs))
	for _, g := range globs {
		pattern, exclude := strings.CutPrefix(g, "!")
		compiled, err := glob.Compile(pattern, '/')
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule{compiled, exclude})
	}
	found := map[string]*resource.Asset{}
	return found, fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		included := false
		for _, r := range rules {
			if r.Match(name) {
				included = !r.exclude
			}
		}
		if included {
			found[name], err = resource.NewPathAsset(path.Join(dir, name))
		}
		return err
	})
}
