/// What a client demands of the server's certificate, and shows as its own.
package struct TLSTerms: Sendable, Hashable {
    /// PEM file of trusted certificates, and folder of such files; without either the system's are trusted.
    package var authorities: String?
    package var authorityFolder: String?
    /// PEM files with the client's certificate and key.
    package var certificate: String?
    package var key: String?
    package var isVerified = true
    /// Whether the certificate must be for the host of the URL.
    package var checksHost = true

    package init() {}
}
