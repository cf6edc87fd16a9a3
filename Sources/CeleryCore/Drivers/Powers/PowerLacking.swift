/// Telling what a server cannot do that the driver can do with other servers of its kind.
package protocol PowerLacking: Broker {
    /// What the server lacks, with the consequence of each; empty if it lacks nothing.
    ///
    /// - Throws: `DriverError` when the server cannot be asked.
    func lackedPowers() async throws -> [LackedPower]
}

/// Something that a server cannot do.
package struct LackedPower: Sendable, Hashable {
    /// What is missing, as operators call it.
    package var name: String
    /// What happens instead: one sentence without its period.
    package var consequence: String

    package init(_ name: String, consequence: String) { (self.name, self.consequence) = (name, consequence) }
}
