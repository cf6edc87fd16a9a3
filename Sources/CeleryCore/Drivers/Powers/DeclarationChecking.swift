/// Telling whether what exists at a server is what our programs would declare.
package protocol DeclarationChecking: Broker {
    /// Compares a queue and its exchange with the settings. Creates nothing.
    ///
    /// - Throws: `DriverError` when the server cannot be asked.
    func standing(of queue: String) async throws -> DeclarationStanding
}

/// What exists of a queue at a server.
package enum DeclarationStanding: Sendable, Hashable {
    case asExpected
    /// The first worker or message creates it.
    case missing
    /// In the server's words, why it refuses to work with the declaration of the settings.
    case different(String)
}
