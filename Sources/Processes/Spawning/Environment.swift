import CLinux
import Glibc

/// The variables a program is started with: `NAME=value`, byte for byte as they came.
package struct Environment: Sendable {
    // Bytes, not strings: a value need not be UTF-8, and must reach the program as it was.
    private(set) var entries: [[UInt8]]

    /// No variables at all.
    package init() {
        entries = []
    }

    /// These variables.
    package init(_ variables: [String: String]) {
        entries = variables.map { Array("\($0.key)=\($0.value)".utf8) }
    }

    /// The variables of this process. Read them once at start: another thread's `setenv` may move them.
    ///
    /// The corresponding C variable is `environ`.
    package static func current() -> Environment {
        var environment = Environment()
        var next = celery_environ()
        while let entry = next?.pointee {
            environment.entries.append(Array(UnsafeRawBufferPointer(start: entry, count: strlen(entry))))
            next = next?.successor()
        }
        return environment
    }

    /// The variables that are text; of two with one name, the first, as `getenv` has it.
    package var textVariables: [String: String] {
        let pairs = entries.compactMap { entry -> (String, String)? in
            // Bytes are searched, since every command does this at its start, and letters cost ten times as much.
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")),
                let name = String(validating: entry[..<equals], as: UTF8.self),
                let value = String(validating: entry[(equals + 1)...], as: UTF8.self)
            else { return nil }
            return (name, value)
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// The value of `name`; assigning `nil` removes it.
    package subscript(name: String) -> String? {
        get {
            entries.first { Self.is($0, named: name) }
                .map { String(decoding: $0.dropFirst(name.utf8.count + 1), as: UTF8.self) }
        }
        set {
            entries.removeAll { Self.is($0, named: name) }
            if let newValue { entries.append(Array("\(name)=\(newValue)".utf8)) }
        }
    }

    private static func `is`(_ entry: [UInt8], named name: String) -> Bool {
        let length = name.utf8.count
        return entry.count > length && entry[length] == UInt8(ascii: "=") && entry.starts(with: name.utf8)
    }
}
