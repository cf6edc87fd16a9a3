import CLinux
import Glibc

/// The environment variables of a program as unmodified bytes: `NAME=value`.
package struct Environment: Sendable {
    // Bytes, not strings: a value need not be UTF-8, and must reach the program unchanged.
    private(set) var entries: [[UInt8]]

    /// No variables at all.
    package init() {
        entries = []
    }

    /// These variables.
    package init(_ variables: [String: String]) {
        entries = variables.map { Array("\($0.key)=\($0.value)".utf8) }
    }

    /// The variables of this process. Read them once at startup: another thread's `setenv` may move them.
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

    /// The variables that are valid text; for a repeated name, the first one, like `getenv`.
    package var textVariables: [String: String] {
        let pairs = entries.compactMap { entry -> (String, String)? in
            // Search bytes: every command does this at startup, and searching characters takes ten times as long.
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")),
                let name = String(validating: entry[..<equals], as: UTF8.self),
                let value = String(validating: entry[(equals + 1)...], as: UTF8.self)
            else { return nil }
            return (name, value)
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// The variables whose entry `NAME=value` matches.
    package func filter(_ isIncluded: ([UInt8]) -> Bool) -> Environment {
        var environment = self
        environment.entries.removeAll { !isIncluded($0) }
        return environment
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
