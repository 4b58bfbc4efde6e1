// What these tests use of xunit, for compilers that have no NuGet: the same names, and a program that
// runs the tests.
using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Xunit
{
    [AttributeUsage(AttributeTargets.Method)]
    internal class FactAttribute : Attribute;

    internal sealed class TheoryAttribute : FactAttribute;

    [AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
    internal sealed class InlineDataAttribute(params object?[] data) : Attribute
    {
        public object?[] Data => data;
    }

    internal sealed class AssertException(string message) : Exception(message);

    internal static class Assert
    {
        public static void Equal<T>(T expected, T actual) =>
            Check(Same(expected, actual), $"expected {Show(expected)}, got {Show(actual)}");

        public static void NotEqual<T>(T expected, T actual) =>
            Check(!Same(expected, actual), $"did not expect {Show(actual)}");

        public static void True([DoesNotReturnIf(false)] bool condition, string? message = null) =>
            Check(condition, message ?? "expected true");

        public static void False([DoesNotReturnIf(true)] bool condition, string? message = null) =>
            Check(!condition, message ?? "expected false");

        [DoesNotReturn]
        public static void Fail(string message) => Check(false, message);

        public static void Null(object? value) =>
            Check(value is null, $"expected null, got {Show(value)}");

        public static void NotNull([NotNull] object? value) =>
            Check(value is not null, "expected something, got null");

        public static void Same(object? expected, object? actual) =>
            Check(ReferenceEquals(expected, actual), $"{Show(actual)} is not {Show(expected)}");

        public static void Empty(IEnumerable values) =>
            Check(!values.Cast<object?>().Any(), $"expected nothing, got {Show(values)}");

        public static void Contains(string expected, string? actual) =>
            Check(actual?.Contains(expected) == true, $"\"{expected}\" is not in \"{actual}\"");

        public static void DoesNotContain(string expected, string? actual) =>
            Check(actual?.Contains(expected) != true, $"\"{expected}\" is in \"{actual}\"");

        public static T Throws<T>(Action action)
            where T : Exception
        {
            try
            {
                action();
            }
            catch (Exception thrown) when (thrown.GetType() == typeof(T))
            {
                return (T)thrown;
            }
            catch (Exception thrown)
            {
                throw new AssertException($"expected {typeof(T).Name}, got {thrown}");
            }
            throw new AssertException($"expected {typeof(T).Name}, got nothing");
        }

        public static T Throws<T>(Func<object?> action)
            where T : Exception => Throws<T>(() => { _ = action(); });

        private static void Check([DoesNotReturnIf(false)] bool condition, string message)
        {
            if (!condition)
            {
                throw new AssertException(message);
            }
        }

        private static bool Same<T>(T expected, T actual) =>
            expected is not string && expected is IEnumerable one && actual is IEnumerable other
                ? one.Cast<object?>().SequenceEqual(other.Cast<object?>())
                : EqualityComparer<T>.Default.Equals(expected, actual);

        private static string Show(object? value) => value switch
        {
            null => "null",
            string text => $"\"{text}\"",
            IEnumerable values => $"[{string.Join(", ", values.Cast<object?>().Select(Show))}]",
            _ => value.ToString() ?? "",
        };
    }
}

namespace Xunit.Shim
{
    internal static class Program
    {
        private static int Main(string[] args)
        {
            int passed = 0, failed = 0;
            foreach (Type type in typeof(Program).Assembly.GetTypes().OrderBy(type => type.Name))
            {
                foreach (MethodInfo test in type.GetMethods())
                {
                    if (test.GetCustomAttribute<FactAttribute>() is null)
                    {
                        continue;
                    }
                    object?[][] cases = test.GetCustomAttributes<InlineDataAttribute>()
                        .Select(inline => inline.Data).DefaultIfEmpty([]).ToArray();
                    foreach (object?[] data in cases)
                    {
                        string name = $"{type.Name}.{test.Name}({string.Join(", ", data)})";
                        if (args.Length > 0 && !name.Contains(args[0]))
                        {
                            continue;
                        }
                        if (Run(type, test, data) is { } failure)
                        {
                            failed++;
                            Console.WriteLine($"{name}:\n{failure}");
                        }
                        else
                        {
                            passed++;
                        }
                    }
                }
            }
            Console.WriteLine($"{passed} passed, {failed} failed");
            return failed > 0 || passed == 0 ? 1 : 0;
        }

        private static Exception? Run(Type type, MethodInfo test, object?[] data)
        {
            try
            {
                object? instance = test.IsStatic ? null : Activator.CreateInstance(type);
                try
                {
                    if (test.Invoke(instance, data) is Task task)
                    {
                        task.GetAwaiter().GetResult();
                    }
                    return null;
                }
                finally
                {
                    (instance as IDisposable)?.Dispose();
                }
            }
            catch (TargetInvocationException failure)
            {
                return failure.InnerException;
            }
            catch (Exception failure)
            {
                return failure;
            }
        }
    }
}
