package volga_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/volgaquant/volga"

// layers lists the packages from the ground up: a package may import only what stands before it, or what is below it in
// its own folder. A new package gets a line here, at its place.
var layers = []string{
	"internal/fault",
	"internal/race",
	"internal/golden",
	"internal/special",
	"internal/vec",
	"hw/formula",
	"pricing/lazy",
	"rates/calendar",
	"rates/curve",
	"pricing",
	"pricing/black",
	"pricing/model",
	"pricing/analytic",
	"pricing/tree",
	"pricing/fourier",
	"pricing/fd",
	"pricing/mc",
	"calibrate",
	"surface",
	"exotics",
	"risk",
	"mm",
	"hw/goasm",
	"examples",
}

// layerOf returns the index in layers of the longest entry that holds pkg, or -1.
func layerOf(pkg string) int {
	best, length := -1, -1
	for i, l := range layers {
		if (pkg == l || strings.HasPrefix(pkg, l+"/")) && len(l) > length {
			best, length = i, len(l)
		}
	}
	return best
}

func TestImportsPointDown(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || filepath.Dir(name) == "." {
			return nil
		}
		files++
		pkg := filepath.ToSlash(filepath.Dir(name))
		mine := layerOf(pkg)
		if mine < 0 {
			t.Errorf("%s: package %s has no place in the list of layers", name, pkg)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range f.Imports {
			p, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			below, ours := strings.CutPrefix(p, module+"/")
			if !ours {
				continue
			}
			test := strings.HasSuffix(name, "_test.go")
			// Tests hold the engines of pricing against each other, whichever stands above.
			siblings := test && strings.HasPrefix(pkg, "pricing/") && strings.HasPrefix(below, "pricing/")
			if l := layerOf(below); l > mine && !siblings {
				t.Errorf("%s imports %s, which stands above %s", name, below, pkg)
			}
			if test {
				continue
			}
			if path.Base(below) == "golden" {
				t.Errorf("%s imports %s, which is for tests only", name, below)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Fatalf("only %d files found: the walk went wrong", files)
	}
}
