import Glibc

/// Finds the zone of this machine: TZ in the environment, else `/etc/localtime`.
///
/// It is looked up when a schedule is made, and named if it can be, so that the schedule stays the same
/// for every process and every machine that reads it afterwards.
struct LocalZone {
    let database: ZoneDatabase
    /// The value of TZ; nil if it is not set.
    let variable: String?
    /// The system's choice: a link into the database, or a copy of one of its files.
    let file: String
    /// The name that Debian keeps beside a copy.
    let nameFile: String

    /// What a zone is called when it has no other name.
    static let name = "localtime"

    init(database: ZoneDatabase) {
        self.init(database: database, variable: getenv("TZ").map { String(cString: $0) })
    }

    init(database: ZoneDatabase, variable: String?, file: String = "/etc/localtime", nameFile: String = "/etc/timezone") {
        self.database = database
        self.variable = variable
        self.file = file
        self.nameFile = nameFile
    }

    /// - Throws: `ScheduleError` if TZ names no zone, or a file is damaged.
    func zone() throws(ScheduleError) -> Zone {
        guard let variable else { return try zone(at: file) ?? .utc }
        // POSIX leaves a leading colon to the system; the C library drops it.
        let value = variable.first == ":" ? String(variable.dropFirst()) : variable
        if value.isEmpty { return .utc }
        if value.first == "/" {
            if let zone = try zone(at: value) { return zone }
            throw ScheduleError(.unknownZone, "TZ names '\(Quoted(value))', which is not there")
        }
        guard value != Self.name else { return try zone(at: file) ?? .utc }
        do throws(ScheduleError) {
            return try database.zone(named: value)
        } catch {
            // In the environment `EST5` and `UTC+3` mean what POSIX says, whatever a person would expect.
            if error.code == .unknownZone, let zone = Self.ruled(value) { return zone }
            throw ScheduleError(error.code, "TZ in the environment: \(error.message)", hint: error.hint)
        }
    }

    /// A zone made of a rule alone, under a name by which the database finds it again.
    private static func ruled(_ text: String) -> Zone? {
        guard let rule = ZoneRule(text) else { return nil }
        var name = text
        if !text.contains("<"), !text.contains(",") {
            let letters = text.prefix { $0.isLetter }
            name = "<\(letters)>\(text.dropFirst(letters.count))"
        }
        return Zone(name: name, changes: [], offsets: [0], rule: rule)
    }

    /// The zone of a file anywhere; nil if it is not there.
    private func zone(at path: String) throws(ScheduleError) -> Zone? {
        guard let bytes = try FileContents.read(path) else { return nil }
        for name in [linkedName(path), path == file ? writtenName : nil] {
            if let name, ZoneDatabase.isName(name), try FileContents.read("\(database.folder)/\(name)") == bytes {
                return try database.zone(named: name)
            }
        }
        do throws(ZoneFile.Damage) {
            return try ZoneFile.zone(named: Self.name, from: bytes)
        } catch {
            throw ScheduleError(.unreadableZone, "the time-zone file '\(Quoted(path))' is damaged: \(error.reason)")
        }
    }

    /// What follows `zoneinfo/` in the path, or in where a link leads. The corresponding C functions are `readlink`
    /// and `realpath`.
    private func linkedName(_ path: String) -> String? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink(path, &target, target.count - 1)
        let direct = length > 0 ? String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) : path
        if let name = Self.name(in: direct) { return name }
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return Self.name(in: String(cString: real))
    }

    private static func name(in path: String) -> String? {
        let parts = path.split(separator: "/")
        guard let folder = parts.lastIndex(of: "zoneinfo") else { return nil }
        let name = parts[(folder + 1)...].joined(separator: "/")
        return name.isEmpty || name == Self.name ? nil : name
    }

    private var writtenName: String? {
        guard let bytes = try? FileContents.read(nameFile) else { return nil }
        return String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
    }
}
