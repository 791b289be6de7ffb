(function () {
  var price = document.getElementById("price"), use = document.getElementById("use");
  function update() {
    var usd = parseFloat(price.value), share = parseFloat(use.value) / 100;
    var fits = usd >= 0 && share > 0 && share <= 1;
    document.querySelectorAll("[data-seconds]").forEach(function (cell) {
      var cost = parseFloat(cell.getAttribute("data-seconds")) / 3600 * usd / share;
      cell.textContent = fits && isFinite(cost) ? "$" + cost.toFixed(4) : "-";
    });
  }
  price.addEventListener("input", update);
  use.addEventListener("input", update);
})();
