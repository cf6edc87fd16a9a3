import CeleryCore
import Glibc
import Synchronization

/// The system's time-zone database: a folder with a file for each zone.
///
/// Files are cached, so many schedules in one zone need only one read. A new instance reads the current files; beats create
/// one when they reload.
public final class ZoneDatabase: Sendable {
    /// The folder of the files.
    public let folder: String
    private let known = Mutex<(named: [String: Zone], local: Zone?)>(([:], nil))

    /// The database of this process, created on first use.
    public static let system = ZoneDatabase()

    /// - Parameter folder: nil means the folder in the environment variable TZDIR, else the first of the usual folders that
    ///   exists.
    public init(folder: String? = nil) {
        let named = folder ?? getenv("TZDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        self.folder = named ?? Self.usualFolders.first { access($0, R_OK | X_OK) == 0 } ?? Self.usualFolders[0]
    }

    /// The usual folders of the database, as in Python.
    private static let usualFolders = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"]

    /// Looks up a zone.
    ///
    /// - Parameter name: A name in the database (`Europe/Berlin`), `localtime` for the zone of this machine, or a complete
    ///   POSIX rule (`<+0330>-3:30`, `CET-1CEST,M3.5.0,M10.5.0/3`).
    /// - Throws: `ScheduleError` with the code `unknownZone`, with a hint of the nearest name, or `unreadableZone`.
    public func zone(named name: String) throws(ScheduleError) -> Zone {
        if let zone = known.withLock({ $0.named[name] }) { return zone }
        let zone = name == LocalZone.name ? try LocalZone(database: self).zone() : try read(name)
        known.withLock { $0.named[name] = zone }
        return zone
    }

    /// The zone of this machine; see `LocalZone`.
    ///
    /// - Throws: `ScheduleError` if TZ names no zone, or a file is damaged.
    public func local() throws(ScheduleError) -> Zone {
        if let zone = known.withLock({ $0.local }) { return zone }
        let zone = try LocalZone(database: self).zone()
        known.withLock { $0.local = zone }
        return zone
    }

    private func read(_ name: String) throws(ScheduleError) -> Zone {
        // UTC needs no database, and must be equal to `Zone.utc`.
        if name == Zone.utc.name { return .utc }
        if Self.isName(name), let bytes = try contents(of: name) {
            do throws(ZoneFile.Damage) {
                return try ZoneFile.zone(named: name, from: bytes)
            } catch {
                throw ScheduleError(.unreadableZone, "the time-zone file '\(folder)/\(name)' is damaged: \(error.reason)")
            }
        }
        if name.contains(where: { $0 == "<" || $0 == "," }), let rule = ZoneRule(name) {
            return Zone(name: name, changes: [], offsets: [0], rule: rule)
        }
        throw unknown(name)
    }

    private func unknown(_ name: String) -> ScheduleError {
        let names = self.names
        guard !names.isEmpty else {
            return ScheduleError(
                .unreadableZone, "there is no time-zone database in '\(folder)'",
                hint: "install the package tzdata, or set TZDIR to its folder")
        }
        let message = "'\(Quoted(name))' is not a time zone"
        if let near = NearestName.suggest(name, among: names) {
            return ScheduleError(.unknownZone, message, hint: "did you mean '\(near)'?")
        }
        // A city that occurs in only one zone, such as "berlin".
        let cities = names.filter { $0.split(separator: "/").last?.lowercased() == name.lowercased() }
        if cities.count == 1 { return ScheduleError(.unknownZone, message, hint: "did you mean '\(cities[0])'?") }
        let hint = ZoneRule(name) == nil
            ? "use a name from '\(folder)', such as Europe/Berlin or UTC"
            : "for a fixed offset from UTC write for instance Etc/GMT-3, which is three hours east of UTC"
        return ScheduleError(.unknownZone, message, hint: hint)
    }

    /// Whether a text can be the name of a zone. Such a name cannot lead outside the folder.
    static func isName(_ text: String) -> Bool {
        let isLetter = { (byte: UInt8) in
            0x41...0x5A ~= byte & 0xDF || 0x30...0x39 ~= byte || "+-_./".utf8.contains(byte)
        }
        return 1...100 ~= text.utf8.count && text.utf8.allSatisfy(isLetter)
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty && $0.first != "." }
    }

    /// - Returns: nil if there is no such file.
    private func contents(of name: String) throws(ScheduleError) -> [UInt8]? {
        try FileContents.read("\(folder)/\(name)")
    }
}
