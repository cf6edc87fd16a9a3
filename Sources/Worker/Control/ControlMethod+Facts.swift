import CeleryCore
import Glibc

extension ControlMethod {
    /// Queries about the program and the machine.
    static let facts = [
        ControlMethod("conf", "dump_conf") { shift, arguments in
            let withDefaults = try ControlArguments("conf", arguments).truth("with_defaults") ?? false
            let facts = shift.configuration.facts
            return .object(withDefaults ? facts.allSettings : facts.settings)
        },
        ControlMethod("report") { shift, _ in ["ok": .string(shift.report)] },
        ControlMethod("memsample") { _, _ in Shift.residentBytes.map { .string(Shift.byteText($0)) } ?? .null },
    ]
}

extension Shift {
    /// Facts for bug reports, in the format of Python's `celery report`.
    fileprivate var report: String {
        var system = utsname()
        uname(&system)
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        let facts = configuration.facts
        let settings = facts.settings.members.map { "\($0.key): \($0.value.text(style: .python))" }
        return """

            software -> \(facts.software)
            platform -> system:\(text(system.sysname)) arch:\(text(system.machine))
                        kernel version:\(text(system.release))
            settings -> transport:\(facts.transport) results:\(facts.results)

            \(settings.joined(separator: "\n"))

            """
    }

    /// Resident memory of this process in bytes, from `/proc/self/statm`.
    static var residentBytes: Int? {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = read(descriptor, &bytes, bytes.count)
        let fields = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * sysconf(Int32(_SC_PAGESIZE)) } : nil
    }

    /// Formats a number of bytes as Python's `humanbytes` does: five significant digits and a unit, `12.345MB`.
    static func byteText(_ count: Int) -> String {
        let units: [(Double, String)] = [(1_099_511_627_776, "TB"), (1_073_741_824, "GB"), (1_048_576, "MB"), (1_024, "KB")]
        for (size, unit) in units where Double(count) >= size { return text("%.5g", Double(count) / size) + unit }
        return "\(count)b"
    }
}
