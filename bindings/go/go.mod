module mtsession

go 1.24
