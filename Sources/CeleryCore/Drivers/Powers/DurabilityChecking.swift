/// Telling how the configuration of a server may lose what it has accepted.
package protocol DurabilityChecking: Sendable {
    /// One sentence for each danger, with its cure; empty if there is none, or if the server does not tell.
    ///
    /// - Throws: `DriverError` when the server cannot be asked.
    func durabilityWarnings() async throws -> [String]
}
