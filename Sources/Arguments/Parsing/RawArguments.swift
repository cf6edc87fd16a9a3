import Glibc

/// The command-line arguments as passed by the kernel.
///
/// `CommandLine.arguments` silently replaces invalid UTF-8, so that a task would run with an argument that
/// the user did not write. Here, invalid UTF-8 is an error.
package enum RawArguments {
    /// The arguments after the program's name.
    package static func read() throws(ArgumentError) -> [String] {
        try decode(count: Int(CommandLine.argc), vector: CommandLine.unsafeArgv)
    }

    static func decode(
        count: Int, vector: UnsafePointer<UnsafeMutablePointer<CChar>?>
    ) throws(ArgumentError) -> [String] {
        var arguments: [String] = []
        for position in 1..<max(1, count) {
            guard let pointer = vector[position] else { break }
            let bytes = UnsafeBufferPointer(start: pointer, count: strlen(pointer)).map { UInt8(bitPattern: $0) }
            guard let argument = String(validating: bytes, as: UTF8.self) else {
                throw ArgumentError("argument \(position) is not valid UTF-8: '\(escape(bytes))'")
            }
            arguments.append(argument)
        }
        return arguments
    }

    /// Bytes in the notation of a shell's `$'...'`.
    private static func escape(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            (0x20..<0x7F).contains(byte)
                ? String(UnicodeScalar(byte))
                : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
