using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace MtSession.Native;

/// <summary>Finds the native library, and makes sure that it is one that this binding speaks to.</summary>
internal static class Loader
{
    private static bool s_checked;

#pragma warning disable CA2255 // it must be set before the first P/Invoke, wherever that is
    [ModuleInitializer]
    internal static void Initialize() =>
        NativeLibrary.SetDllImportResolver(typeof(Loader).Assembly, Resolve);
#pragma warning restore CA2255

    // An installed library may be there under its SONAME only: the bare name belongs to those who
    // compile against it.
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Functions.Library || OperatingSystem.IsWindows())
        {
            return 0;
        }
        if (NativeLibrary.TryLoad(name, assembly, path, out nint library))
        {
            return library;
        }
        string soname = OperatingSystem.IsMacOS()
            ? $"libmtsession.{Functions.AbiVersion}.dylib"
            : $"libmtsession.so.{Functions.AbiVersion}";
        return NativeLibrary.TryLoad(soname, assembly, path, out library) ? library : 0;
    }

    /// <summary>Called by all that makes a session or needs none.</summary>
    public static void Check()
    {
        if (s_checked)
        {
            return;
        }
        uint found;
        try
        {
            found = Functions.mts_abi_version();
        }
        catch (Exception failure) when (failure
            is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            throw new DllNotFoundException(
                "The native library mtsession cannot be used: put libmtsession of this system "
                + $"({RuntimeInformation.RuntimeIdentifier}) beside the program or where the system "
                + $"looks for libraries. {failure.Message}", failure);
        }
        if (found != Functions.AbiVersion)
        {
            throw new DllNotFoundException(
                $"The native library mtsession has ABI {found}, but this MtSession.dll speaks ABI "
                + $"{Functions.AbiVersion}: use both from the same version.");
        }
        s_checked = true;
    }
}
