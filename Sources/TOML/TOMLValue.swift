/// A value of a TOML document.
package enum TOMLValue: Sendable, Hashable {
    case string(String)
    case integer(Int64)
    /// A number with a fraction or an exponent, and its digits without underscores and plus sign: as JSON would spell it.
    case float(Double, text: String)
    case boolean(Bool)
    case dateTime(TOMLDateTime)
    case array([TOMLValue])
    case table(TOMLTable)
}
