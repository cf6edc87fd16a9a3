/// Minimum and maximum number of a worker's children, as in `--autoscale 10,2`.
public struct AutoscaleRange: Sendable, Hashable {
    public var most: Int
    /// At least 1.
    public var least: Int

    /// Upper limit for both.
    public static let limit = 1_000

    public init(most: Int, least: Int) {
        self.most = most
        self.least = least
    }

    /// Parses `MAX,MIN`; `MAX` alone has the minimum 1.
    ///
    /// - Returns: `nil` unless 1 <= MIN <= MAX <= 1000.
    public init?(_ text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(parts.count), let most = parts[0], let least = parts.count == 2 ? parts[1] : 1,
            least >= 1, least <= most, most <= Self.limit
        else { return nil }
        self.init(most: most, least: least)
    }

    /// The form used in settings.
    public var text: String { "\(most),\(least)" }
}
