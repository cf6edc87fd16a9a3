extension Zone {
    /// Looks up a zone in the system's time-zone database.
    ///
    /// - Parameter name: A name such as `Europe/Berlin`; see `ZoneDatabase.zone(named:)`.
    /// - Throws: `ScheduleError` with the code `unknownZone`, with a hint of the nearest name, or `unreadableZone`.
    public init(named name: String) throws(ScheduleError) { self = try ZoneDatabase.system.zone(named: name) }

    /// The zone of this machine: from the environment variable TZ, else from `/etc/localtime`, else UTC.
    ///
    /// - Throws: `ScheduleError` if TZ names no zone, or a file is damaged.
    public static func local() throws(ScheduleError) -> Zone { try ZoneDatabase.system.local() }
}
