import Glibc

/// The command-line arguments as passed by the kernel.
///
/// `CommandLine.arguments` silently replaces invalid UTF-8, so that a task would run with an argument that
/// the user did not write. Here the bytes are kept, and the parser accepts them only as operands that may be bytes.
package struct RawArguments: Sendable {
    /// The arguments after the program's name. Invalid UTF-8 is replaced.
    package private(set) var words: [String] = []
    /// The bytes of the words that are not UTF-8, by their index in `words`.
    package private(set) var bytes: [Int: [UInt8]] = [:]

    /// The arguments of this process.
    package static func read() -> RawArguments {
        RawArguments(count: Int(CommandLine.argc), vector: CommandLine.unsafeArgv)
    }

    /// Words that are text.
    package init(_ words: [String]) { self.words = words }

    init(count: Int, vector: UnsafePointer<UnsafeMutablePointer<CChar>?>) {
        for position in 1..<max(1, count) {
            guard let pointer = vector[position] else { break }
            let word = UnsafeBufferPointer(start: pointer, count: strlen(pointer)).map { UInt8(bitPattern: $0) }
            if String(validating: word, as: UTF8.self) == nil { bytes[words.count] = word }
            words.append(String(decoding: word, as: UTF8.self))
        }
    }

    /// Bytes in the notation of a shell's `$'...'`.
    static func escape(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            (0x20..<0x7F).contains(byte)
                ? String(UnicodeScalar(byte))
                : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
