import Glibc

/// Determines the zone of this machine: from TZ in the environment, else from `/etc/localtime`.
///
/// The zone is determined when a schedule is created, with its name in the database if possible, so that the schedule
/// means the same in every process and on every machine that reads it later.
struct LocalZone {
    let database: ZoneDatabase
    /// The value of TZ; nil if TZ is not set.
    let variable: String?
    /// The path of the system's zone: a link into the database, or a copy of one of its files.
    let file: String
    /// The path of the file in which Debian stores the name of a copied zone.
    let nameFile: String

    /// The name of a zone without another name.
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

    /// The zone of this machine; UTC if the system has none.
    ///
    /// - Throws: `ScheduleError` if TZ names no zone, or a file is damaged.
    func zone() throws(ScheduleError) -> Zone {
        guard let variable else { return try zone(at: file) ?? .utc }
        // In POSIX, a leading colon is implementation-defined; the C library ignores it.
        let value = variable.first == ":" ? String(variable.dropFirst()) : variable
        if value.isEmpty { return .utc }
        if value.first == "/" {
            if let zone = try zone(at: value) { return zone }
            throw ScheduleError(.unknownZone, "TZ names '\(Quoted(value))', which does not exist")
        }
        guard value != Self.name else { return try zone(at: file) ?? .utc }
        do throws(ScheduleError) {
            return try database.zone(named: value)
        } catch {
            // In TZ, `EST5` and `UTC+3` have the meaning that POSIX defines: hours west of UTC.
            if error.code == .unknownZone, let zone = Self.ruled(value) { return zone }
            throw ScheduleError(error.code, "TZ in the environment: \(error.message)", hint: error.hint)
        }
    }

    /// A zone that consists only of a POSIX rule, with a name that `ZoneDatabase.zone(named:)` accepts.
    private static func ruled(_ text: String) -> Zone? {
        guard let rule = ZoneRule(text) else { return nil }
        var name = text
        if !text.contains("<"), !text.contains(",") {
            let letters = text.prefix { $0.isLetter }
            name = "<\(letters)>\(text.dropFirst(letters.count))"
        }
        return Zone(name: name, changes: [], offsets: [0], rule: rule)
    }

    /// The zone in any file; nil if the file does not exist.
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

    /// The part of the path, or of a link's target, after `zoneinfo/`. The corresponding C functions are `readlink` and
    /// `realpath`.
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
