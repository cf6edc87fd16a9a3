extension Zone {
    /// Looks up a zone of the system's time-zone database.
    ///
    /// - Parameter name: Such as `Europe/Berlin`; see `ZoneDatabase.zone(named:)`.
    /// - Throws: `ScheduleError` with the code `unknownZone`, naming the nearest one there is, or `unreadableZone`.
    public init(named name: String) throws(ScheduleError) { self = try ZoneDatabase.system.zone(named: name) }

    /// The zone of this machine: that of the environment variable TZ, else that of `/etc/localtime`, else UTC.
    ///
    /// - Throws: `ScheduleError` if TZ names no zone, or a file is damaged.
    public static func local() throws(ScheduleError) -> Zone { try ZoneDatabase.system.local() }
}
